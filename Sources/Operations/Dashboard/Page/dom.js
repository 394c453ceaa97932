// Makes elements, and updates the page without losing focus, scroll position or selection.
//
// Text only becomes text nodes and attributes: no markup is made from strings, and the page's policy forbids it.

const svgNames = new Set(["svg", "g", "path", "rect", "line", "text"]);

/** Makes an element. Omits attributes that are null, undefined or false; children may be nested arrays.
 *
 * `svg: true` is for tag names that HTML and SVG share. */
export function h(tag, attributes = {}, ...children) {
  const element = svgNames.has(tag) || attributes.svg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "svg" || value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Makes the children of `place` match `fresh`, keeping existing nodes; `data-key` identifies them. */
export function show(place, ...fresh) {
  fresh = fresh.flat(Infinity).filter((node) => node !== null && node !== undefined && node !== "")
    .map((node) => typeof node === "string" ? document.createTextNode(node) : node);
  const wanted = new Set(fresh.map(keyOf).filter(Boolean));
  const kept = new Map();
  for (const node of [...place.childNodes]) {
    const key = keyOf(node);
    if (!key) continue;
    // First, so that the remaining nodes need not move: a moved element loses the focus.
    if (wanted.has(key)) kept.set(key, node); else node.remove();
  }
  let next = place.firstChild;
  for (const node of fresh) {
    const key = keyOf(node);
    const old = key ? kept.get(key) : next && !keyOf(next) ? next : null;
    if (old && old.nodeName === node.nodeName) {
      if (old === next) next = next.nextSibling; else place.insertBefore(old, next);
      update(old, node);
    } else {
      place.insertBefore(node, next);
    }
  }
  while (next) {
    const rest = next;
    next = next.nextSibling;
    rest.remove();
  }
}

function keyOf(node) { return node.dataset?.key; }

function update(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    // Assigning an equal text would end a selection.
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // The reader decides whether it is open.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && name !== "open") old.setAttribute(name, value);
  }
  show(old, [...fresh.childNodes]);
}

/** A table. It keeps its roles and column names when a narrow page shows its rows as cards. */
export function table(caption, columns, rows) {
  return h("table", { role: "table" },
    h("caption", { class: "hidden" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      columns.map((column) => h("th", { role: "columnheader", scope: "col", class: column.class }, column.title)))),
    h("tbody", { role: "rowgroup" }, rows.map(({ key, cells, ...attributes }) =>
      h("tr", { role: "row", "data-key": key, ...attributes }, cells.map((cell, index) =>
        h("td", { role: "cell", class: columns[index].class, "data-title": columns[index].title }, h("div", {}, cell)))))));
}

const signs = {
  well: "M3.5 8.5l3 3 6-7",
  waiting: "M8 4v4.5l3 1.5M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13z",
  bad: "M8 4.5v4.5M8 11.4v.1M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z",
  note: "M8 7.2v4M8 4.6v.1M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13z",
  unknown: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  partial: "M4 12l8-8M5 5.2v.1M11 10.8v.1",
  rejected: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  underway: "M3 8h9M8.5 4.5L12 8l-3.5 3.5",
  paused: "M5.5 4v8M10.5 4v8",
};

/** The symbol of a state; shown next to its word, never instead of it. */
export function sign(name) {
  return h("svg", { class: `sign ${name}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: signs[name] ?? signs.unknown }));
}

/** A state as word and symbol. */
export function badge(level, word, shape = level) {
  return h("span", { class: `badge ${level}` }, sign(shape), word);
}
