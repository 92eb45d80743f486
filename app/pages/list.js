// The list of events: one page of it, what to do when it is empty, and how to take it along.

import { get, newest, once, url } from "/assets/api.js";
import { byId, el, waiting } from "/assets/dom.js";
import { address, FILTERS, query, values } from "/assets/state.js";
import { country, label, number, say, told, toldIn, total, when } from "/assets/words.js";
import { actorName, datasetName, showProblem } from "/assets/facets.js";

const PAGE = 25;

/** Show the page of the view; `drawn` gets its events, whether they are all, and whether all could be counted. */
export function show(state, drawn) {
  const box = byId("list");
  const ready = waiting(box);
  newest("list", async (signal) => {
    const asked = query(state, { sort: state.sort ?? null, limit: PAGE, count: "capped", cursor: state.cursor ?? null });
    const page = await get("/v1/events", asked, signal);
    ready();
    sayTotal(page.total, page.total_is_exact);
    const held = box.contains(document.activeElement);
    if (page.items.length) box.replaceChildren(items(page.items, state), pager(state, page.next));
    else box.replaceChildren(empty(state));
    if (held) toTop();
    performance.mark("events-shown");
    drawn(page.items, page.next === null && !state.cursor, page.total_is_exact);
  }, (failure) => {
    ready();
    byId("total").textContent = "";
    showProblem(box, failure, () => show(state, drawn));
  });
}

/** After turning the page the reader is at the top of the new one, not where the old one was. */
function toTop() {
  const results = byId("results");
  results.focus({ preventScroll: true });
  results.scrollTop = 0;
  if (results.getBoundingClientRect().top < 0) results.scrollIntoView();
}

function sayTotal(found, exact) {
  const text = total(found, exact);
  if (byId("total").textContent !== text) byId("total").textContent = text;
}

function items(events, state) {
  return el("ol.items", {}, events.map((event) => item(event, state)));
}

function item(event, state) {
  const { name, admin1, precision } = event.place ?? {};
  const where = precision === "country" ? null : (name ?? admin1 ?? null);
  const lands = [...new Set(event.countries.map((one) => one.code))].slice(0, 4).map(country);
  const dead = event.fatalities?.best;
  return el("li.item", { "data-event": event.id },
    el("p.when", { title: event.date.edtf }, when(event.date)),
    el("h3", {}, el("a", { href: address({ event: event.id }, state), "data-go": true, lang: toldIn(event, "title") }, told(event, "title"))),
    el("p.about", {},
      el("span.tag", {}, label("event_type", event.type)),
      event.status === "occurred" ? null : el(`span.tag.${event.status}`, {}, label("event_status", event.status)),
      el("span", {}, [where, lands.join(", ")].filter(Boolean).join(" · ")),
      dead ? el("span", {}, `${say("fatalities")}: ${number(dead)}`) : null));
}

function pager(state, next) {
  if (!next && !state.cursor) return "";
  const cursor = next && new URLSearchParams(next.split("?")[1]).get("cursor");
  return el("p.pager", {},
    state.cursor ? el("a.button", { href: address({ cursor: null }, state), "data-go": true }, say("first")) : null,
    cursor ? el("a.button", { href: address({ cursor }, state), "data-go": true, rel: "next" }, say("next")) : null);
}

/** Why there is nothing, and which single condition to leave out to find something. */
function empty(state) {
  const held = FILTERS.filter((name) => state[name]);
  if (!held.length) return el("p.empty", {}, say("noData"));
  const ways = el("ul", {});
  const help = el("p", {}, say("noneHelp"));
  newest("loosen", async (signal) => {
    const found = await Promise.all(held.map(async (name) =>
      [name, await get("/v1/events", query(state, { limit: 1, count: "capped" }, [name]), signal)]));
    const useful = found.filter(([, page]) => page.total > 0);
    if (!useful.length) help.textContent = say("noneAlone");
    ways.replaceChildren(...(useful.length ? useful.map(([name, page]) => way(state, name, page)) : [startOver()]));
  }, () => help.remove());
  return el("div.empty", {}, el("h2", {}, say("noneTitle")), help, ways);
}

const startOver = () => el("li", {}, el("a", { href: "/", "data-go": true, "data-keep": true }, say("clear")));

function way(state, name, page) {
  const what = `${say(name)}: ${values(state, name).map((value) => valueName(name, value)).join(", ")}`;
  return el("li", {}, el("a", { href: address({ [name]: null }, state), "data-go": true },
    say("without", { what, n: total(page.total, page.total_is_exact) })));
}

/** A filter's value as a person says it. */
export function valueName(name, value) {
  if (name === "country") return country(value);
  if (name === "actor") return actorName(value);
  if (name === "dataset") return datasetName(value);
  if (name === "bbox") return value.split(",").map((one) => `${Number(one).toFixed(1)}°`).join(" ");
  const list = { type: "event_type", status: "event_status", mode: "mode", context: "context", country_role: "country_role" }[name];
  return list ? label(list, value) : value;
}

/** The filters in force, each with a way to take it out. */
export function chips(state) {
  const made = FILTERS.flatMap((name) => values(state, name).map((value) => {
    const rest = values(state, name).filter((one) => one !== value).join(",") || null;
    const what = `${say(name)}: ${valueName(name, value)}`;
    return el("a.chip", { href: address({ [name]: rest }, state), "data-go": true, "aria-label": say("remove", { what }) },
      el("span", {}, what), el("span.x", { "aria-hidden": "true" }, "×"));
  }));
  if (made.length > 1) made.push(el("a.chip.all", { href: "/", "data-go": true, "data-keep": true }, say("clear")));
  const box = byId("chips");
  const held = box.contains(document.activeElement);
  box.replaceChildren(...made);
  if (held) (box.querySelector("a") ?? byId("results")).focus({ preventScroll: true });
}

/** Copy, download: just this view. */
export function take(state) {
  const call = location.origin + url("/v1/events", query(state, { sort: state.sort ?? null }));
  const link = (format) => el("a.button.quiet", { href: url("/v1/events", query(state, { format })), download: `dateline.${format}` },
    el("span.unseen", {}, `${say("download")} `), el("span", { "aria-hidden": "true" }, "↓ "), say(format));
  const copy = el("button.quiet", { type: "button", click: async () => {
    await copyText(call);
    copy.textContent = say("copied");
    setTimeout(() => { copy.textContent = say("copy"); }, 2000);
  } }, say("copy"));
  byId("take").replaceChildren(copy, link("csv"), link("geojson"));
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not allowed here: an address that is not secure, or no permission
    const field = el("textarea.unseen", { readonly: true }, text);
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

/** Where the data comes from, as its makers want it said. */
export async function credits() {
  const page = await once("/v1/datasets", { limit: 20 });
  byId("credits").replaceChildren(...page.items.filter((one) => one.events).map((one) => el("p", {},
    el("a", { href: address({ dataset: one.id }, {}), "data-go": true }, datasetName(one.id)), ` (${one.licence}). `, one.citation)));
}
