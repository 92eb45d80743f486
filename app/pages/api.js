// The only place that talks to the server, and only to its public API.

/** What the API says when it refuses or fails (RFC 9457), or that nothing answered. */
export class Problem extends Error {
  constructor(status, body, path) {
    super(body?.detail ?? "");
    Object.assign(this, { status, body, path });
  }
}

export function url(path, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== null && value !== undefined));
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `${path}?${text}` : path;
}

export async function get(path, params = {}, signal = undefined) {
  const asked = url(path, params);
  let answer;
  try {
    answer = await fetch(asked, { signal, headers: { Accept: "application/json, application/geo+json;q=0.9" } });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem(0, null, asked);
  }
  const body = await answer.json().catch((failure) => {
    if (failure.name === "AbortError") throw failure;
    return null;
  });
  if (!answer.ok || body === null) throw new Problem(answer.status, body, asked);
  return body;
}

const running = new Map();

/** Run `work(signal)` as the newest of its `slot`: what the slot still waits for is cancelled, and its answer dropped. */
export async function newest(slot, work, failed) {
  running.get(slot)?.abort();
  const controller = new AbortController();
  running.set(slot, controller);
  try {
    await work(controller.signal);
  } catch (failure) {
    if (failure.name === "AbortError" || controller.signal.aborted) return;
    failed(failure);
  }
}

export const cancel = (slot) => running.get(slot)?.abort();

const kept = new Map();

/** What changes with a release or a load only is asked for once a visit. */
export function once(path, params) {
  const key = url(path, params);
  if (!kept.has(key)) {
    kept.set(key, get(path, params).catch((failure) => {
      kept.delete(key);
      throw failure;
    }));
  }
  return kept.get(key);
}
