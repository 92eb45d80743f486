// The map: countries shaded by their events, and points only where a place is known to be a point.

import * as L from "/assets/leaflet-src.esm.js";
import { cancel, get, newest, once } from "/assets/api.js";
import { byId, colour, el, settled } from "/assets/dom.js";
import { address, query, read, set, toggle, values } from "/assets/state.js";
import { showProblem } from "/assets/facets.js";
import { country, label, number, say, told, total, when } from "/assets/words.js";

const MOST_POINTS = 300;
const CLOSE = 4.5; // from this zoom on, points are drawn however many events there are
const LABELLED = 12;
const VAGUE = { near: 9, admin2: 14, admin1: 20, area: 24, international: 24 }; // how wide a place is drawn, in pixels

let map;
let shapes = null;
let counts = new Map();
let selected = null;
let ownMove = false;
let land = null;
const names = L.layerGroup();
const points = L.layerGroup();
let found = { items: [], next: null };
let few = null;

export function start() {
  map = L.map("map", { preferCanvas: true, attributionControl: false, zoomControl: false, minZoom: 0.5, maxZoom: 11, zoomSnap: 0.5,
    maxBounds: [[-75, -200], [85, 200]], maxBoundsViscosity: 1, zoomAnimation: false, fadeAnimation: false, inertia: false });
  map.createPane("shade").style.zIndex = 300;
  map.createPane("names").style.zIndex = 450;
  map.getPane("names").style.pointerEvents = "none";
  for (const layer of [names, points]) layer.addTo(map);
  goTo(read());
  map.on("zoomend", writeNames);
  map.on("moveend", settled(moved, 200));
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(byId("map"));
  byId("in-view").addEventListener("change", ({ target }) => set({ bbox: target.checked ? viewBox() : null }));
  words();
}

/** Draw the countries, once: they are large, and what is read comes first. */
export async function outline() {
  if (!map || shapes) return;
  try {
    shapes = await once("/v1/countries.geojson");
  } catch (failure) {
    return showProblem(byId("map-problem"), failure, outline);
  }
  byId("map-problem").replaceChildren();
  land = L.geoJSON(shapes, { pane: "shade", pointToLayer: (feature, at) => L.circleMarker(at, { pane: "shade", radius: 4 }), onEachFeature: listenTo }).addTo(map);
  paint();
  if (!read().map && !read().bbox && counts.size) fit();
}

/** What the map says, in the language in force. */
export function words() {
  if (!map) return;
  map.zoom?.remove();
  map.zoom = L.control.zoom({ position: "topright", zoomInTitle: say("minMap"), zoomOutTitle: say("minusMap") }).addTo(map);
  const box = byId("map");
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", `${say("map")}. ${say("mapHelp")}`);
  byId("legend").replaceChildren(el("li", {}, el("span.dot"), say("point")), el("li", {}, el("span.dot.vague"), say("area")), el("li", {}, el("span.dot.land"), say("shade")));
  paint();
  drawPoints();
}

function goTo(state) {
  const [lat, lng, zoom] = (state.map ?? "").split(",").map(Number);
  ownMove = true;
  if (state.map && [lat, lng, zoom].every(Number.isFinite)) map.setView([lat, lng], zoom, { animate: false });
  else if (state.bbox) map.fitBounds(boundsOf(state.bbox), { animate: false });
  else map.setView([18, 10], 1.5, { animate: false });
}

const boundsOf = (bbox) => {
  const [west, south, east, north] = bbox.split(",").map(Number);
  return [[south, west], [north, east < west ? east + 360 : east]];
};

function moved() {
  const own = ownMove;
  ownMove = false;
  if (!own) {
    const { lat, lng } = map.getCenter();
    const patch = { map: [lat.toFixed(3), lng.toFixed(3), map.getZoom()].join(",") };
    if (read().bbox) patch.bbox = viewBox();
    set(patch, { replace: true });
  }
  showPoints(read());
}

/** The view as the API takes it: longitudes within half a turn, and never beyond the poles. */
function viewBox() {
  const bounds = map.getBounds();
  const turn = (lng) => ((((lng + 180) % 360) + 360) % 360) - 180;
  const wide = bounds.getEast() - bounds.getWest() >= 360;
  const [west, east] = wide ? [-180, 180] : [turn(bounds.getWest()), turn(bounds.getEast())];
  return [west, Math.max(-90, bounds.getSouth()), east, Math.min(90, bounds.getNorth())].map((one) => Number(one.toFixed(3))).join(",");
}

/** The counts of the bar list, also as shades. */
export function showCounts(rows) {
  const first = counts.size === 0;
  counts = new Map(rows.map((row) => [row.country, row.possible]));
  if (!map) return;
  paint();
  const { map: view, bbox } = read();
  if (first && land && !view && !bbox) fit();
}

/** Look at the countries that have most of the events. */
function fit() {
  const picked = values(read(), "country");
  const top = picked.length ? picked : [...counts].slice(0, 6).map(([code]) => code);
  const bounds = L.latLngBounds([]);
  for (const feature of shapes.features) if (top.includes(feature.id)) bounds.extend(largest(feature));
  if (!bounds.isValid()) return;
  ownMove = true;
  map.fitBounds(bounds.pad(0.1), { animate: false, maxZoom: 5 });
}

/** The largest part of a country, as [south, west] and [north, east]: far islands do not move its name. */
function largest({ geometry }) {
  if (geometry.type === "Point") return [geometry.coordinates.toReversed(), geometry.coordinates.toReversed()];
  const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const boxes = parts.map(([ring]) => ring.reduce(([[s, w], [n, e]], [x, y]) => [[Math.min(s, y), Math.min(w, x)], [Math.max(n, y), Math.max(e, x)]], [[90, 180], [-90, -180]]));
  const size = ([[s, w], [n, e]]) => (e - w) * (n - s);
  return boxes.reduce((a, b) => (size(b) > size(a) ? b : a));
}

const centre = (feature) => {
  const [[s, w], [n, e]] = largest(feature);
  return [(s + n) / 2, (w + e) / 2];
};

/** The counts to show: of the countries asked for, or of all. */
function shownCounts() {
  const picked = values(read(), "country");
  return picked.length ? new Map([...counts].filter(([code]) => picked.includes(code))) : counts;
}

function paint() {
  if (!land) return;
  const ink = { land: colour("--land"), edge: colour("--edge"), mark: colour("--mark") };
  const shown = shownCounts();
  const most = Math.max(1, ...shown.values());
  const chosen = new Set([...values(read(), "country"), ...(selected?.countries ?? []).map((one) => one.code)]);
  const style = ({ id }) => {
    const count = shown.get(id) ?? 0;
    const strength = count ? 0.1 + 0.42 * (Math.log1p(count) / Math.log1p(most)) : 0;
    return { stroke: true, weight: chosen.has(id) ? 2 : 0.6, color: chosen.has(id) ? ink.mark : ink.edge, fill: true,
      fillColor: count ? ink.mark : ink.land, fillOpacity: count ? strength : 1 };
  };
  land.setStyle(style);
  land.eachLayer((layer) => chosen.has(layer.feature.id) && layer.bringToFront());
  writeNames();
}

function listenTo(feature, layer) {
  const count = () => counts.get(feature.id) ?? 0;
  layer.bindTooltip(() => `${country(feature.id)}: ${total(count())}`, { sticky: true });
  layer.on("click", () => { if (count() || values(read(), "country").includes(feature.id)) toggle("country", feature.id); });
}

/** The countries with most events have their count written on them: a word, which cannot be taken for a place. */
function writeNames() {
  names.clearLayers();
  if (!shapes) return;
  const taken = [];
  for (const [code, count] of [...shownCounts()].slice(0, LABELLED)) {
    const feature = shapes.features.find((one) => one.id === code);
    if (!feature || !isFree(centre(feature), country(code), taken)) continue;
    const text = el("span", {}, country(code), el("b", {}, number(count)));
    L.marker(centre(feature), { pane: "names", interactive: false, keyboard: false, icon: L.divIcon({ className: "land-name", html: text, iconSize: [0, 0] }) }).addTo(names);
  }
}

/** Whether a name has room here beside those that are `taken`; then it takes it. */
function isFree(at, name, taken) {
  const { x, y } = map.latLngToLayerPoint(at);
  const box = { x, y, width: 7 * name.length + 8, height: 34 };
  const touches = (one) => Math.abs(one.x - x) * 2 < one.width + box.width && Math.abs(one.y - y) < box.height;
  return !taken.some(touches) && taken.push(box) > 0;
}

/** How many events there are: too many to count, and a wide view has no points, which would be a handful by chance. */
export function showTotal(isCounted) {
  few = isCounted;
  showPoints(read());
}

/** The events with a point in the part of the world that is in view: one page of them. */
function showPoints(state) {
  if (!map || few === null) return;
  if (!few && map.getZoom() < CLOSE) {
    cancel("points");
    found = { items: [], next: null };
    drawPoints();
    return void (byId("map-note").textContent = say("pointsMany"));
  }
  newest("points", async (signal) => {
    const bbox = state.bbox ?? viewBox();
    found = await get("/v1/events", query(state, { bbox, limit: MOST_POINTS }, ["bbox"]), signal);
    drawPoints();
    byId("map-note").textContent = found.next ? say("pointsFew", { n: number(found.items.length) }) : "";
    if (!found.items.length) await explain(state, signal);
  }, () => { byId("map-note").textContent = say("failed"); });
}

async function explain(state, signal) {
  const some = async (more) => (await get("/v1/events", query(state, { ...more, limit: 1 }, ["bbox"]), signal)).items.length > 0;
  if (await some({ bbox: "-180,-90,180,90" })) byId("map-note").textContent = say("pointsNoneHere");
  else if (await some({})) byId("map-note").textContent = say("pointsNone");
}

function drawPoints() {
  if (!map) return;
  points.clearLayers();
  const spots = new Map();
  for (const event of found.items) {
    if (event.place?.latitude === null || !event.place) continue;
    const key = `${event.place.latitude},${event.place.longitude},${event.place.precision}`;
    spots.set(key, [...(spots.get(key) ?? []), event]);
  }
  const mark = colour("--mark");
  const paper = colour("--paper");
  const drawn = [...spots.values()].sort((a, b) => (VAGUE[b[0].place.precision] ?? 0) - (VAGUE[a[0].place.precision] ?? 0));
  for (const events of drawn) spot(events, mark, paper).addTo(points);
}

function spot(events, mark, paper) {
  const { latitude, longitude, precision } = events[0].place;
  const size = map.getZoom() < 4 ? 0.65 : 1;
  const vague = VAGUE[precision] * size;
  const here = selected && events.some((one) => one.id === selected.id);
  const look = vague ? { radius: vague, stroke: here, weight: 2, color: mark, fillColor: mark, fillOpacity: 0.16 }
    : { radius: size * Math.min(14, 4 + 1.3 * Math.sqrt(events.length)) + (here ? 3 : 0), weight: here ? 2.5 : 1, color: paper, fillColor: mark, fillOpacity: 0.85 };
  const text = () => (events.length === 1 ? told(events[0], "title") : say("pointsHere", { n: number(events.length) }));
  const layer = L.circleMarker([latitude, longitude], look).bindTooltip(() => el("span", {}, `${text()} · ${label("place_precision", precision)}`));
  layer.on("click", (click) => {
    L.DomEvent.stopPropagation(click);
    if (events.length === 1) set({ event: events[0].id });
    else L.popup({ maxHeight: 240, closeButton: false }).setLatLng(click.latlng).setContent(el("ul.here", {}, events.slice(0, 50).map((one) =>
      el("li", {}, el("a", { href: address({ event: one.id }), "data-go": true }, told(one, "title")), el("span.soft", {}, ` ${when(one.date)}`))))).openOn(map);
  });
  return layer;
}

/** The event that is open is marked: its point, or else its countries. */
export function select(event) {
  if (selected?.id === event?.id) return;
  selected = event;
  if (!map) return;
  map.closePopup();
  paint();
  drawPoints();
}

/** Follow the address: back and forward move the map too. */
export function follow(state, before) {
  if (!map) return;
  byId("in-view").checked = Boolean(state.bbox);
  if (state.map && state.map !== before?.map) {
    const { lat, lng } = map.getCenter();
    if (state.map !== [lat.toFixed(3), lng.toFixed(3), map.getZoom()].join(",")) goTo(state);
  }
}

export const repaint = () => { paint(); drawPoints(); };
