// Runs the cell of a notebook that standard input holds, and prints what its chart shows: `node notebook.js <cell.js`.

import { readFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import { JSDOM } from "jsdom";

globalThis.window = new JSDOM("").window;
const Cell = Object.getPrototypeOf(async () => {}).constructor;
const chart = await new Cell("Plot", readFileSync(0, "utf8"))(Plot);
for (const mark of chart.querySelectorAll("g[aria-label=rect]")) {
  console.log(`${mark.querySelectorAll("rect").length} bars`);
}
