// The view is its address: what is shown is read from the query string and nowhere else.

/** The filters of the API, by the names that the API gives them. */
export const FILTERS = ["q", "country", "country_role", "type", "mode", "context", "actor", "source", "dataset",
  "status", "date_from", "date_to", "bbox", "fatalities_min", "updated_since"];
const ALSO = ["date_match", "sort", "cursor", "event", "map", "lang"];
const MANY = new Set(["country", "country_role", "type", "mode", "context", "actor", "source", "dataset", "status"]);

const listeners = [];

export const onChange = (listener) => listeners.push(listener);

/** What the address says: one text for each name that is there. */
export function read(search = location.search) {
  const given = new URLSearchParams(search);
  const state = {};
  for (const name of [...FILTERS, ...ALSO]) {
    const value = given.getAll(name).filter(Boolean).join(",");
    if (value) state[name] = value;
  }
  return state;
}

export const values = (state, name) => (MANY.has(name) ? (state[name]?.split(",") ?? []) : state[name] ? [state[name]] : []);

/** The address of the view that differs from this one by `patch`; null takes away. A new filter begins at page one. */
export function address(patch, state = read()) {
  const next = { ...state, ...patch };
  if (Object.keys(patch).some((name) => FILTERS.includes(name) || name === "date_match" || name === "sort")) {
    if (!("cursor" in patch)) next.cursor = null;
  }
  const query = new URLSearchParams();
  for (const name of [...FILTERS, ...ALSO]) if (next[name]) query.set(name, next[name]);
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : location.pathname;
}

/** Go to another view; `replace` leaves no trace in the history. */
export function set(patch, { replace = false } = {}) {
  const to = address(patch);
  if (to === (location.search || location.pathname)) return;
  const before = read();
  history[replace ? "replaceState" : "pushState"](null, "", to);
  tell(before);
}

/** Add a value to a filter that takes several, or take it out. */
export function toggle(name, value) {
  const held = values(read(), name);
  const next = held.includes(value) ? held.filter((one) => one !== value) : [...held, value];
  set({ [name]: next.join(",") || null });
}

let last = read();
function tell(before) {
  last = read();
  for (const listener of listeners) listener(last, before);
}
addEventListener("popstate", () => tell(last));

/** The query that the API is asked with: the filters, without those in `except`. */
export function query(state, more = {}, except = []) {
  const asked = {};
  for (const name of FILTERS) if (state[name] && !except.includes(name)) asked[name] = state[name];
  if (state.date_match === "certain" && (asked.date_from || asked.date_to)) asked.date_match = "certain";
  return { ...asked, ...more };
}
