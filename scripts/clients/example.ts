// Every event of a country, page by page, and the evidence of one: through types made from docs/openapi.json.
// Compiled in strict mode and run by `make test-clients`.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Event = components["schemas"]["Event"];

const address = process.argv[2] ?? "http://127.0.0.1:8000";
const api = createClient<paths>({ baseUrl: address });

/** The events of a country, following `next` until there is none. */
async function* eventsOf(country: string): AsyncGenerator<Event> {
  let cursor: string | undefined;
  do {
    const query = { country: [country], limit: 5, ...(cursor === undefined ? {} : { cursor }) };
    const { data, error } = await api.GET("/v1/events", {
      params: { query },
      querySerializer: { array: { style: "form", explode: false } },
    });
    if (data === undefined) throw new Error(error?.detail);
    // The path has other formats too; JSON is what comes unasked.
    if (typeof data === "string" || !("items" in data)) throw new Error("Not a page of JSON");
    yield* data.items;
    cursor = data.next === null ? undefined : (new URL(data.next, address).searchParams.get("cursor") ?? undefined);
  } while (cursor !== undefined);
}

const ids = new Set<string>();
let first: Event | undefined;
for await (const event of eventsOf("NE")) {
  first ??= event;
  if (ids.has(event.id)) throw new Error(`${event.id} came twice`);
  ids.add(event.id);
}
if (first === undefined) throw new Error("No event of Niger");
console.log(`${ids.size} events of Niger; the latest: ${first.date.edtf}, ${first.title}`);

const { data: whole } = await api.GET("/v1/events/{event_id}", { params: { path: { event_id: first.id } } });
const evidence = whole?.evidence[0];
if (evidence === undefined) throw new Error(`${first.id} has no evidence`);
console.log(`The first evidence for it is from ${evidence.source}, and ${evidence.stance} it`);

const { error } = await api.GET("/v1/events", { params: { query: { country: ["Nigr"] } } });
if (error?.errors[0]?.parameter !== "country") throw new Error("A mistake is not explained");
console.log(`A mistake is explained: ${error.detail}`);
