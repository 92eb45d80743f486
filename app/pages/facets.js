// The filters: the form, and the counts by country and type, which filter when they are pressed.

import { get, newest, once } from "/assets/api.js";
import { byId, el, settled, waiting } from "/assets/dom.js";
import { query, read, set, toggle, values } from "/assets/state.js";
import { allCountries, codes, country, definition, label, language, number, say } from "/assets/words.js";

const SHORT = 8;
const open = new Set();
const actors = new Map();
let datasets = new Map();

const named = (one) => one.names?.[language()] ?? one.titles?.[language()] ?? one.name ?? one.title;
export const actorName = (id) => (actors.has(id) ? named(actors.get(id)) : id);
export const datasetName = (id) => (datasets.has(id) ? named(datasets.get(id)) : id);

/** Learn the names of what the address speaks of by id only. */
export async function learn(ids) {
  await Promise.all(ids.filter((id) => !actors.has(id)).map(async (id) => {
    try {
      actors.set(id, await once(`/v1/actors/${encodeURIComponent(id)}`));
    } catch { /* the list will say what is wrong with it */ }
  }));
}

export async function learnDatasets() {
  datasets = new Map((await once("/v1/datasets", { limit: 20 })).items.map((one) => [one.id, one]));
}

/** The form in the language in force. */
export function fill() {
  const option = (value, text) => el("option", { value }, text);
  const sorted = (all) => all.sort((a, b) => a[1].localeCompare(b[1], language()));
  byId("type").replaceChildren(option("", say("any")), ...sorted(codes("event_type").map((one) => [one.code, label("event_type", one.code)])).map((pair) => option(...pair)));
  byId("status").replaceChildren(option("", say("any")), ...codes("event_status").map((one) => option(one.code, label("event_status", one.code))));
  byId("dataset").replaceChildren(option("", say("any")), ...[...datasets.keys()].map((id) => option(id, datasetName(id))));
  byId("countries").replaceChildren(...sorted(allCountries().map((one) => [one.code, country(one.code)])).map(([, name]) => option(name)));
}

export function listen() {
  const form = byId("filters");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    set({ q: byId("q").value.trim() || null });
  });
  byId("more").addEventListener("click", ({ target }) => target.setAttribute("aria-expanded", String(form.classList.toggle("open"))));
  byId("q").addEventListener("input", settled(() => set({ q: byId("q").value.trim() || null }), 400));
  for (const name of ["type", "status", "dataset"]) {
    byId(name).addEventListener("change", ({ target }) => add(name, target.value, target));
  }
  byId("country").addEventListener("change", ({ target }) => {
    const typed = fold(target.value);
    const found = allCountries().find((one) => [one.code, one.alpha3, one.name, one.name_vi].some((name) => fold(name) === typed));
    if (found) add("country", found.code, target);
    else refuse(target);
  });
  byId("actor").addEventListener("input", settled(suggest, 200));
  byId("actor").addEventListener("change", ({ target }) => pick(target) || refuse(target));
  for (const name of ["country", "actor"]) byId(name).addEventListener("input", ({ target }) => target.setCustomValidity(""));
}

const fold = (text) => text.trim().toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d");

/** Say that what was typed is not one of the suggestions; it filters nothing. */
function refuse(field) {
  if (!field.value.trim()) return;
  field.setCustomValidity(say("choose"));
  field.reportValidity();
}

function add(name, value, field) {
  field.value = "";
  field.setCustomValidity("");
  if (value && !values(read(), name).includes(value)) toggle(name, value);
}

function suggest() {
  const typed = byId("actor").value.trim();
  if (!typed) return;
  newest("actors", async (signal) => {
    const page = await get("/v1/actors", { q: typed, limit: 12 }, signal);
    for (const one of page.items) actors.set(one.id, one);
    byId("actors").replaceChildren(...page.items.map((one) => el("option", { value: named(one) })));
    pick(byId("actor"), true);
  }, () => {});
}

function pick(field, exactly = false) {
  const typed = fold(field.value);
  const found = [...actors.values()].filter((one) => fold(named(one)) === typed);
  if (!found.length || (exactly && found.length > 1)) return false;
  add("actor", found[0].id, field);
  return true;
}

/** Counts by country and by type under all the other filters, so that one more can be chosen. */
export function counts(state, drawn) {
  count("by-country", "country", state, "countries", country, drawn);
  count("by-type", "type", state, "types", (code) => label("event_type", code));
}

function count(id, group, state, title, name, drawn = () => {}) {
  const box = byId(id);
  const ready = waiting(box);
  newest(id, async (signal) => {
    const found = await get("/v1/stats/events", query(state, { group, limit: 1000 }, [group]), signal);
    const rows = found.items.filter((one) => one[group] && one.possible > 0).sort((a, b) => b.possible - a.possible);
    ready();
    bars(box, rows, group, title, name);
    drawn(rows);
  }, (failure) => {
    ready();
    showProblem(box, failure, () => count(id, group, state, title, name, drawn));
  });
}

function bars(box, rows, group, title, name) {
  const chosen = new Set(values(read(), group));
  const shown = open.has(group) ? rows : rows.filter((row, at) => at < SHORT || chosen.has(row[group]));
  const most = rows[0]?.possible ?? 1;
  const again = () => bars(box, rows, group, title, name);
  const held = box.contains(document.activeElement) ? document.activeElement.dataset.value : null;
  box.replaceChildren(el("h2", {}, say(title)),
    rows.length ? el("ul.bars", {}, shown.map((row) => el("li", {}, bar(row, group, most, chosen, name)))) : el("p.note", {}, "–"),
    rows.length > SHORT ? el("button.quiet.small", { type: "button", click: () => {
      if (!open.delete(group)) open.add(group);
      again();
    } }, open.has(group) ? say("fewer") : say("more", { n: number(rows.length) })) : "");
  if (held) box.querySelector(`[data-value="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

function bar(row, group, most, chosen, name) {
  const code = row[group];
  const fillUp = el("span.fill", { "aria-hidden": "true" });
  fillUp.style.width = `${Math.max(1, (100 * row.possible) / most)}%`;
  return el("button.bar", {
    type: "button", "aria-pressed": String(chosen.has(code)), "data-value": code,
    title: group === "type" ? definition("event_type", code) : null, click: () => toggle(group, code),
  }, fillUp, el("span.name", {}, name(code)), el("span.number", {}, number(row.possible)));
}

/** An error as the API tells it, with a way to try again. */
export function showProblem(box, failure, again) {
  const { status, body, path } = failure;
  const title = status === 0 ? say("away") : `${status ?? ""} ${body?.title ?? say("failed")}`.trim();
  if (status === undefined) console.error(failure);
  const faults = (body?.errors ?? []).filter((one) => one.did_you_mean).map((one) => `${one.parameter}: ${one.did_you_mean}?`);
  box.replaceChildren(el("div.problem", { role: "alert" },
    el("h3", {}, title),
    body?.detail ? el("p", { lang: "en" }, body.detail) : null,
    faults.length ? el("p", {}, faults.join(" ")) : null,
    path ? el("p.note", {}, el("code", {}, path), body?.request_id ? ` · ${say("request", { id: body.request_id })}` : "") : null,
    el("button", { type: "button", click: again }, say("retry"))));
}

/** The form shows what a single field can show; the rest is in the chips. */
export function follow(state) {
  if (document.activeElement !== byId("q")) byId("q").value = state.q ?? "";
}

