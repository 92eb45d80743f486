// Puts the page together: a change of the address asks anew for what depends on it, and nothing else is kept.

import { newest, once } from "/assets/api.js";
import { byId } from "/assets/dom.js";
import * as event from "/assets/event.js";
import * as facets from "/assets/facets.js";
import * as list from "/assets/list.js";
import * as map from "/assets/map.js";
import { FILTERS, onChange, read, set, values } from "/assets/state.js";
import * as timeline from "/assets/timeline.js";
import * as words from "/assets/words.js";

const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* a private window: then not */ } };

const filtersOf = (state) => JSON.stringify([...FILTERS, "date_match"].map((name) => state[name] ?? ""));
const listOf = (state) => filtersOf(state) + JSON.stringify([state.sort, state.cursor]);
let span = null;

function changed(state, before) {
  const all = before === null;
  if (!all && state.lang !== before.lang) return speak(state.lang ?? words.language());
  facets.follow(state);
  timeline.follow(state);
  map.follow(state, before);
  if (all || listOf(state) !== listOf(before)) list.show(state, listed);
  if (all || filtersOf(state) !== filtersOf(before)) {
    facets.counts(state, map.showCounts);
    timeline.show(state, span);
  }
  if (all || state.event !== before.event || state.lang !== before.lang) event.show(state, map.select);
  about(state);
}

function listed(events, areAll, areCounted) {
  timeline.showEvents(events, areAll);
  map.showTotal(areCounted);
  map.outline();
}

/** What names the filters in force, and what takes the view along. */
function about(state) {
  list.take(state);
  list.chips(state);
  facets.learn(values(state, "actor")).then(() => list.chips(read()));
}

function speak(language) {
  document.documentElement.lang = language === "vi" ? "vi" : "en";
  remember("lang", words.language());
  wording();
  map.words();
  list.credits();
  changed(read(), null);
}

function wording() {
  words.translate();
  facets.fill();
  const other = words.language() === "vi" ? ["en", "English"] : ["vi", "Tiếng Việt"];
  byId("language").lang = other[0];
  byId("language").textContent = other[1];
  byId("theme").textContent = words.say(isDark() ? "light" : "dark");
}

const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

function retheme() {
  byId("theme").textContent = words.say(isDark() ? "light" : "dark");
  map.repaint();
}

function listen() {
  facets.listen();
  timeline.listen();
  byId("language").addEventListener("click", () => set({ lang: words.language() === "vi" ? "en" : "vi" }, { replace: true }));
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", document.documentElement.dataset.theme);
    retheme();
  });
  system.addEventListener("change", retheme);
  document.addEventListener("click", follow);
}

/** A link to another view of this page is followed without loading the page anew. */
function follow(click) {
  const link = click.target.closest?.("a[data-go]");
  if (!link || click.button || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
  click.preventDefault();
  const href = link.getAttribute("href");
  const to = read(href.includes("?") ? href : "");
  const gone = Object.fromEntries(Object.keys(read()).map((name) => [name, null]));
  if (link.dataset.keep !== undefined) to.lang = read().lang;
  set({ ...gone, cursor: null, ...to });
}

async function begin() {
  words.translate();
  await Promise.all([words.load(), facets.learnDatasets()]);
  const page = await once("/v1/datasets", { limit: 20 });
  const days = page.items.flatMap((one) => [one.coverage.start, one.coverage.end]).filter(Boolean).sort();
  span = days.length ? { start: days[0], end: days.at(-1) } : null;
  wording();
  listen();
  onChange(changed);
  map.start();
  changed(read(), null);
  await list.credits();
}

newest("page", begin, (failure) => facets.showProblem(byId("list"), failure, () => location.reload()));
