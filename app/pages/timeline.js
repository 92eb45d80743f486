// Events by month or year: how many may lie in each, how many surely do, and a brush for the range of dates.

import { get, newest } from "/assets/api.js";
import { byId, el, svg, waiting } from "/assets/dom.js";
import { address, query, read, set } from "/assets/state.js";
import { day, number, say, told, when } from "/assets/words.js";
import { showProblem } from "/assets/facets.js";

const HEIGHT = 96;
const FEW = 30; // so many events are drawn one by one
const LEAST = 12; // so many periods are shown at least
const ONE_DAY = 86_400_000;
const MANY_MONTHS = 12 * 25;

let buckets = [];
let events = [];

const at = (text) => Date.parse(`${text.padStart(10, "0")}T00:00:00Z`);
const dayOf = (time) => new Date(time).toISOString().slice(0, 10);

/** The counts under all filters but the dates: the brush chooses from the whole. */
export function show(state, span) {
  const box = byId("timeline");
  const months = span ? (at(span.end) - at(span.start)) / (30 * ONE_DAY) : 0;
  const group = months > MANY_MONTHS ? "year" : "month";
  const ready = waiting(box);
  newest("timeline", async (signal) => {
    const found = await get("/v1/stats/events", query(state, { group, fill: "zero", limit: 1000 }, ["date_from", "date_to"]), signal);
    buckets = padded(found.items.filter((one) => one.start && one.end).sort((a, b) => at(a.start) - at(b.start)));
    byId("time-key").replaceChildren(el("span.swatch.certain"), say("certain"), el("span.swatch.possible"), say("possible"));
    box.setAttribute("data-group", group);
    ready();
    draw();
  }, (failure) => {
    ready();
    showProblem(box, failure, () => show(state, span));
  });
}

/** A few periods with those around them, so that one month does not look like all of time. */
function padded(found) {
  if (!found.length || found.length >= LEAST) return found;
  const months = found[0].month ? 1 : 12;
  const first = new Date(at(found[0].start));
  const spare = Math.ceil((LEAST - found.length) / 2);
  const all = [];
  for (let index = -spare; index < found.length + spare; index += 1) {
    const edge = (later) => dayOf(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + (index + later) * months, 1 - later));
    const [start, end] = [edge(0), edge(1)];
    const [year, month] = [start.slice(0, 4), months === 1 ? start.slice(0, 7) : undefined];
    all.push(found[index] ?? { year, month, start, end, possible: 0, certain: 0 });
  }
  return all;
}

/** The events of the page in view, as spans, where they are few. */
export function showEvents(found, isAll) {
  events = isAll && found.length <= FEW ? found : [];
  draw();
}

/** Draw anew what is known: after a change of size, language or theme. */
export function draw() {
  const box = byId("timeline");
  if (!box.dataset.group) return;
  if (!buckets.length) return void box.replaceChildren(el("p.note", {}, say("noDates")));
  const kept = document.activeElement?.dataset?.handle;
  const scale = scaleFor(box.clientWidth || 600);
  const lines = events.filter((event) => event.date.start || event.date.end);
  const height = HEIGHT + 22 + (lines.length ? lines.length * 7 + 10 : 0);
  const chart = svg("svg.chart", { viewBox: `0 0 ${scale.width} ${height}`, width: scale.width, height, role: "group", "aria-label": say(box.dataset.group === "year" ? "perYear" : "perMonth") });
  chart.append(...bars(scale), ...axis(scale), ...spans(scale, lines), ...brush(scale, chart, height));
  box.replaceChildren(chart, lines.length ? el("p.note", {}, say("spans")) : "");
  if (kept) box.querySelector(`[data-handle="${kept}"]`)?.focus();
}

function scaleFor(width) {
  const from = at(buckets[0].start);
  const to = at(buckets.at(-1).end) + ONE_DAY;
  const [left, right] = [8, width - 8];
  const x = (time) => left + ((right - left) * (time - from)) / (to - from);
  const time = (px) => from + ((to - from) * (px - left)) / (right - left);
  return { width, from, to, left, right, x, time, clamp: (value) => Math.min(to, Math.max(from, value)) };
}

function bars({ x }) {
  const most = Math.max(1, ...buckets.map((one) => one.possible));
  const tall = (count) => (count ? Math.max(1.5, (count / most) * (HEIGHT - 14)) : 0);
  return buckets.flatMap((one) => {
    const left = x(at(one.start));
    const room = x(at(one.end) + ONE_DAY) - left;
    const width = room < 5 ? room : room - 1;
    const bar = (kind, count) => svg(`rect.${kind}`, { x: left, width, y: HEIGHT - tall(count), height: tall(count) });
    const told = svg("title", {}, `${name(one)}: ${number(one.certain)} ${say("certain")}, ${number(one.possible)} ${say("possible")}`);
    return [svg("g", {}, told, svg("rect.catch", { x: left, width: room, y: 0, height: HEIGHT }), bar("possible", one.possible), bar("certain", one.certain))];
  });
}

const name = (bucket) => (bucket.month ? new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", year: "numeric", timeZone: "UTC" }).format(at(bucket.start)) : String(bucket.year));

function axis({ x, width, from, to }) {
  const years = [];
  for (let year = new Date(from).getUTCFullYear(); year <= new Date(to - 1).getUTCFullYear(); year += 1) years.push(year);
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((one) => (years.length / one) * 52 < width) ?? 2000;
  const ticks = years.length > 3 ? years.filter((year) => year % step === 0).map((year) => [Date.UTC(year, 0, 1), String(year)]) : months(from, to, width);
  return [svg("line.base", { x1: 0, x2: width, y1: HEIGHT + 0.5, y2: HEIGHT + 0.5 }),
    ...ticks.filter(([time]) => time >= from && x(time) < width - 24).map(([time, text]) =>
      svg("g.tick", {}, svg("line", { x1: x(time), x2: x(time), y1: HEIGHT, y2: HEIGHT + 5 }), svg("text", { x: x(time) + 3, y: HEIGHT + 15 }, text)))];
}

function months(from, to, width) {
  const count = buckets.length;
  const step = [1, 2, 3, 6, 12].find((one) => (count / one) * 58 < width) ?? 12;
  const said = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", year: "2-digit", timeZone: "UTC" });
  const first = new Date(from);
  const made = [];
  for (let month = 0; ; month += 1) {
    const time = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month, 1);
    if (time >= to) return made;
    if (new Date(time).getUTCMonth() % step === 0) made.push([time, said.format(time)]);
  }
}

/** An event whose date is uncertain is as long as it is uncertain; an open end fades out. */
function spans({ x, width, clamp }, lines) {
  const sorted = [...lines].sort((a, b) => at(a.date.start ?? a.date.end) - at(b.date.start ?? b.date.end));
  return sorted.map((event, row) => {
    const { start, end } = event.date;
    const left = start ? x(clamp(at(start))) : 0;
    const right = end ? x(clamp(at(end) + ONE_DAY)) : width;
    const y = HEIGHT + 28 + row * 7;
    const open = start && end ? "closed" : "open";
    const drawn = svg(`rect.span.${open}`, { x: left, y, width: Math.max(4, right - left), height: 4, rx: 2 });
    return svg("a", { href: address({ event: event.id }), "data-go": true, tabindex: -1, "aria-hidden": "true", "data-span": event.id }, svg("title", {}, `${told(event, "title")}: ${when(event.date)}`),
      svg("rect.catch", { x: left, y: y - 1.5, width: Math.max(6, right - left), height: 7 }), drawn);
  });
}

/** Two handles, for mouse, finger and arrow keys; between them lies the range. */
function brush(scale, chart, height) {
  const state = read();
  const range = [state.date_from ? scale.clamp(at(full(state.date_from, "from"))) : scale.from, state.date_to ? scale.clamp(at(full(state.date_to, "to")) + ONE_DAY) : scale.to];
  const veil = [svg("rect.veil", { y: 0, height }), svg("rect.veil", { y: 0, height })];
  const handles = ["from", "to"].map((end, which) => svg("g.handle", {
    tabindex: 0, role: "slider", "data-handle": end, "aria-label": say(which ? "rangeEnd" : "rangeStart"), "aria-orientation": "horizontal",
    keydown: (event) => step(event, which),
  }, svg("line", { y1: 0, y2: HEIGHT }), svg("rect", { width: 9, height: 26, y: HEIGHT / 2 - 13, rx: 3 }), svg("rect.catch", { width: 28, height: HEIGHT })));

  function place() {
    const [a, b] = range.map(scale.x);
    veil[0].setAttribute("x", 0);
    veil[0].setAttribute("width", range[0] <= scale.from ? 0 : a);
    veil[1].setAttribute("x", b);
    veil[1].setAttribute("width", range[1] >= scale.to ? 0 : scale.width - b);
    handles.forEach((handle, which) => {
      const px = scale.x(range[which]);
      const [line, grip, reach] = handle.children;
      line.setAttribute("x1", px);
      line.setAttribute("x2", px);
      grip.setAttribute("x", px - 4.5);
      reach.setAttribute("x", px - 14);
      const text = dayOf(which ? range[1] - ONE_DAY : range[0]);
      for (const [key, value] of Object.entries({ valuemin: scale.from, valuemax: scale.to, valuenow: Math.round(range[which]) })) handle.setAttribute(`aria-${key}`, value);
      handle.setAttribute("aria-valuetext", day(text));
    });
  }

  function settle() {
    set({ date_from: range[0] <= scale.from ? null : dayOf(range[0]), date_to: range[1] >= scale.to ? null : dayOf(range[1] - ONE_DAY) });
  }

  function step(event, which) {
    const edges = [...buckets.map((one) => at(one.start)), scale.to];
    const moves = {
      ArrowLeft: () => edges.findLast((edge) => edge < range[which]), ArrowDown: () => edges.findLast((edge) => edge < range[which]),
      ArrowRight: () => edges.find((edge) => edge > range[which]), ArrowUp: () => edges.find((edge) => edge > range[which]),
      Home: () => edges[0], End: () => edges.at(-1),
    };
    const to = moves[event.key]?.();
    if (to === undefined) return;
    event.preventDefault();
    const least = ONE_DAY;
    range[which] = which ? Math.max(range[0] + least, to) : Math.min(range[1] - least, to);
    place();
    settle();
  }

  chart.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("[data-span]")) return;
    const px = event.clientX - chart.getBoundingClientRect().left;
    const begun = scale.clamp(scale.time(px));
    const near = range.map((time) => Math.abs(scale.x(time) - px));
    const held = Math.min(...near) <= 14 ? Number(near[1] < near[0]) : null;
    const before = [...range];
    let moved = false;
    const move = (to) => {
      const x = to.clientX - chart.getBoundingClientRect().left;
      if (!moved && Math.abs(x - px) < 4) return;
      moved = true;
      const now = scale.clamp(scale.time(x));
      if (held === null) range.splice(0, 2, ...snapped(Math.min(begun, now), Math.max(begun, now)));
      else range[held] = held ? Math.max(range[0] + ONE_DAY, wholeDay(now)) : Math.min(range[1] - ONE_DAY, wholeDay(now));
      place();
    };
    const end = (up) => {
      for (const [kind, run] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) removeEventListener(kind, run);
      if (up.type === "pointercancel") return void (range.splice(0, 2, ...before), place());
      if (!moved && held === null) range.splice(0, 2, ...snapped(begun, begun));
      if (moved || held === null) settle();
    };
    for (const [kind, run] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) addEventListener(kind, run);
  });

  place();
  return [...veil, ...handles];
}

const wholeDay = (time) => Math.round(time / ONE_DAY) * ONE_DAY;

/** What is dragged over is taken whole: from the first bucket that it touches to the last. */
function snapped(a, b) {
  const first = buckets.findLast((one) => at(one.start) <= a) ?? buckets[0];
  const last = buckets.find((one) => at(one.end) + ONE_DAY > b) ?? buckets.at(-1);
  return [at(first.start), at(last.end) + ONE_DAY];
}

/** `2024` and `2024-04` stand for their first or last day, as in the API. */
function full(text, end) {
  const [year, month, date] = text.split("-");
  if (date) return text;
  if (end === "from") return `${year}-${month ?? "01"}-01`;
  return month ? dayOf(Date.UTC(Number(year), Number(month), 0)) : `${year}-12-31`;
}

/** The date fields beside the brush. */
export function listen() {
  for (const id of ["date_from", "date_to", "date_match"]) {
    byId(id).addEventListener("change", ({ target }) => set({ [id]: target.value === "possible" ? null : target.value || null }));
  }
  byId("all-dates").addEventListener("click", () => set({ date_from: null, date_to: null }));
  new ResizeObserver(() => requestAnimationFrame(draw)).observe(byId("time-title").closest("section"));
}

export function follow(state) {
  byId("date_from").value = state.date_from ? full(state.date_from, "from") : "";
  byId("date_to").value = state.date_to ? full(state.date_to, "to") : "";
  byId("date_match").value = state.date_match ?? "possible";
  for (const option of byId("date_match").options) option.textContent = say(`${option.value}Match`);
  byId("all-dates").hidden = !(state.date_from || state.date_to);
  draw();
}
