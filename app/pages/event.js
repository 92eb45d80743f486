// One event: what it is, how sure its date and place are, and the evidence, passage by passage.

import { cancel, get, newest, once } from "/assets/api.js";
import { byId, el } from "/assets/dom.js";
import { address, read } from "/assets/state.js";
import { country, definition, label, language, number, say, told, toldIn, when } from "/assets/words.js";
import { actorName, datasetName, learn, showProblem } from "/assets/facets.js";

let shownId = null;

/** Show the event that the address names, in place of the list; `drawn` gets it, or null when there is none. */
export function show(state, drawn) {
  const box = byId("event");
  document.body.classList.toggle("reading", Boolean(state.event));
  box.hidden = !state.event;
  byId("results").hidden = Boolean(state.event);
  if (!state.event) return leave(drawn);
  const arrived = shownId !== state.event;
  shownId = state.event;
  if (arrived) box.replaceChildren(back(state), el("p.waiting", { id: "event-title" }, say("loading")));
  newest("event", async (signal) => {
    const event = await get(`/v1/events/${encodeURIComponent(state.event)}`, {}, signal);
    const [sources] = await Promise.all([known(event), learn(language() === "en" ? [] : event.actors.map((one) => one.id))]);
    if (signal.aborted) return;
    document.title = `${told(event, "title")} · Dateline`;
    box.replaceChildren(back(state), ...page(event, sources));
    if (arrived) arrive(box);
    drawn(event);
  }, (failure) => {
    const place = el("div");
    box.replaceChildren(back(state), el("h1.unseen", { id: "event-title" }, say("failed")), place);
    showProblem(place, failure, () => { shownId = null; show(state, drawn); });
    if (failure.status === 410 && failure.body.successor) {
      place.append(el("p", {}, el("a", { href: address({ event: failure.body.successor }), "data-go": true }, say("successor"))));
    }
    drawn(null);
  });
}

function arrive(box) {
  box.focus({ preventScroll: true });
  const top = box.getBoundingClientRect().top;
  if (top < 0 || top > innerHeight * 0.6) box.scrollIntoView();
  else box.scrollTop = 0;
}

function leave(drawn) {
  const last = shownId;
  cancel("event");
  shownId = null;
  document.title = "Dateline";
  if (last) {
    const item = document.querySelector(`[data-event="${CSS.escape(last)}"] a`);
    (item ?? byId("results")).focus();
  }
  drawn(null);
}

/** The sources that its evidence comes from, with what the event's own short form of them leaves out. */
async function known(event) {
  const ids = [...new Set(event.evidence.map((one) => one.source))].slice(0, 12);
  const found = await Promise.all(ids.map((id) => once(`/v1/sources/${encodeURIComponent(id)}`).catch(() => ({ id, title: id }))));
  return new Map(found.map((one) => [one.id, one]));
}

const back = (state) => el("p.back", {}, el("a", { href: address({ event: null }, state), "data-go": true }, `← ${say("back")}`));

function page(event, sources) {
  return [
    el("header", {},
      el("p.about", {},
        el("span.tag", { title: definition("event_type", event.type) }, label("event_type", event.type)),
        el(`span.tag.${event.status}`, { title: definition("event_status", event.status) }, label("event_status", event.status)),
        event.mode ? el("span.tag.plain", {}, label("mode", event.mode)) : null,
        event.contexts.map((one) => el("span.tag.plain", {}, label("context", one)))),
      el("h1", { id: "event-title", lang: toldIn(event, "title") }, told(event, "title")),
      told(event, "summary") ? el("p.summary", { lang: toldIn(event, "summary") }, told(event, "summary")) : null),
    facts(event),
    el("h2", {}, say("evidence"), " ", el("span.soft", {}, event.evidence.length === 1 ? say("passageOne") : say("passages", { n: number(event.evidence.length) }))),
    ...[...sources.values()].map((source) => testimony(source, event.evidence.filter((one) => one.source === source.id))),
    el("p.links", {},
      el("a", { href: address({ dataset: event.dataset }, { lang: read().lang }), "data-go": true }, datasetName(event.dataset)), " · ",
      el("a", { href: `/v1/events/${encodeURIComponent(event.id)}` }, say("asJson")), " · ",
      el("a", { href: `/v1/events/${encodeURIComponent(event.id)}/history` }, say("history"))),
  ];
}

function facts(event) {
  const row = (name, ...what) => [el("dt", {}, name), el("dd", {}, ...what)];
  const people = event.actors.map((one) => part(actorNameOf(one), label("actor_role", one.role),
    address({ actor: one.id, event: null }, { lang: read().lang })));
  const lands = event.countries.map((one) => part(country(one.code), label("country_role", one.role),
    address({ country: one.code, event: null }, { lang: read().lang })));
  return el("dl.facts", {},
    row(say("when"), el("span", {}, when(event.date)), sureness(label("date_precision", event.date.precision), definition("date_precision", event.date.precision), event.date.edtf)),
    row(say("where"), ...where(event.place)),
    lands.length ? row(say("countries"), el("ul.parts", {}, lands)) : [],
    people.length ? row(say("who"), el("ul.parts", {}, people)) : [],
    event.fatalities ? row(say("fatalities"), amounts(event.fatalities)) : [],
    event.figures.length ? row(say("figures"), el("ul.parts", {}, event.figures.map((one) => el("li", {}, `${one.measure.replaceAll("_", " ")}: ${amounts(one)}`, one.unit ? el("span.soft", {}, ` ${one.unit}`) : null)))) : [],
    row(say("sure"), origins(event.independent_origins), contested(event.evidence)));
}

const actorNameOf = (one) => (language() === "en" ? one.name : actorName(one.id) === one.id ? one.name : actorName(one.id));
const part = (name, role, href) => el("li", {}, el("a", { href, "data-go": true }, name), el("span.soft", {}, ` ${role}`));

function sureness(name, help, code) {
  return el("span.sure", { title: language() === "en" ? help : null }, name, code ? el("code", {}, code) : null);
}

function where(place) {
  if (!place) return [el("span", {}, say("placeUnknown"))];
  const name = [...new Set([place.name, place.admin1, place.country ? country(place.country) : null].filter(Boolean))].join(", ");
  const point = place.latitude === null ? null : `${place.latitude.toFixed(3)}, ${place.longitude.toFixed(3)}`;
  return [el("span", {}, name || "–"), sureness(label("place_precision", place.precision), definition("place_precision", place.precision), point),
    point ? null : el("span.soft.line", {}, say("noPoint"))];
}

function amounts({ low, best, high }) {
  const said = [["low", low], ["best", best], ["high", high]].filter(([, value]) => value !== null).map(([name, value]) => say(name, { n: number(value) }));
  return said.join(", ") || "–";
}

const origins = (count) => (count === 0 ? say("originNone") : count === 1 ? say("originOne") : say("origins", { n: number(count) }));

function contested(evidence) {
  return ["disputes", "corrected"].map((stance) => {
    const count = evidence.filter((one) => one.stance === stance).length;
    return count ? el("span.line", {}, badge(stance), ` ${count === 1 ? say("passageOne") : say("passages", { n: count })}`) : null;
  });
}

const SIGNS = { supports: "✓", disputes: "✕", corrected: "✎" };
const badge = (stance) => el(`span.stance.${stance}`, {}, el("span", { "aria-hidden": "true" }, `${SIGNS[stance]} `), label("stance", stance));

/** What one source says of the event. */
function testimony(source, evidence) {
  const about = [source.publisher, source.published ? `${say("published")} ${source.published}` : null, source.language ? languageName(source.language) : null,
    source.lineage ? `${say("lineage")}: ${label("lineage", source.lineage)}` : null, source.licence].filter(Boolean).join(" · ");
  return el("section.testimony", {},
    el("h3", {}, source.url?.startsWith("http") ? el("a", { href: source.url, rel: "noreferrer external" }, source.title) : source.title),
    about ? el("p.soft", {}, about) : null,
    source.derived_from ? el("p.soft", {}, say("derived", { what: source.derived_from })) : null,
    el("ul.passages", {}, evidence.map(passage)));
}

const languageName = (code) => new Intl.DisplayNames([language()], { type: "language" }).of(code);

function passage(one) {
  const spot = [one.paragraph === null ? null : say("paragraph", { n: one.paragraph }),
    one.start === null ? null : say("characters", { a: number(one.start), b: number(one.end) })].filter(Boolean).join(", ");
  return el(`li.passage.${one.stance}`, {},
    el("p.passage-head", {}, badge(one.stance), el("strong", {}, fieldName(one.field)), el("span.soft", {}, spot)),
    one.reported ? el("p.reported", {}, el("span.soft", {}, `${say("reported")} `), el("q", {}, one.reported)) : null,
    one.quote ? el("blockquote", {}, one.quote) : null,
    one.attributed_to ? el("p", {}, el("span.soft", {}, `${say("said")} `), one.attributed_to) : null,
    one.note ? el("p.remark", { lang: language() === "en" ? null : "en" }, one.note) : null,
    !one.quote && one.passage_sha256 ? el("p.soft.fine", { title: one.passage_sha256 }, say("noQuote", { sum: `${one.passage_sha256.slice(0, 12)}…` })) : null);
}

function fieldName(field) {
  if (field === null) return say("wholeEvent");
  const [first, ...rest] = field.split(".");
  const words = { date: say("when"), place: say("where"), actors: say("who"), countries: say("countries"), figures: say("figures"), fatalities: say("fatalities"), status: say("status"), type: say("type") };
  return [words[first] ?? first, ...rest].join(" · ").replaceAll("_", " ");
}
