// The few helpers with which everything on the page is made. Text is always text: nothing is parsed as HTML.

/** An element: `el("a.more", {href}, "text", child, …)`. Functions become listeners; null and false are left out. */
export function el(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  return furnish(document.createElement(tag), classes, props, children);
}

/** The same for SVG. */
export function svg(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), classes, props, children);
}

function furnish(made, classes, props, children) {
  if (classes.length) made.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** The colour that a custom property of the style sheet has now, in the theme in force. */
export function colour(name) {
  const probe = el("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** `run` after `wait` milliseconds without another call. */
export function settled(run, wait) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), wait);
  };
}

/** Mark a panel as waiting for its answer, visibly if it takes a while; call what comes back when it is there. */
export function waiting(box) {
  box.setAttribute("aria-busy", "true");
  const timer = setTimeout(() => box.classList.add("stale"), 150);
  return () => {
    clearTimeout(timer);
    box.classList.remove("stale");
    box.setAttribute("aria-busy", "false");
  };
}
