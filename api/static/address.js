// The address of the page: the shown part, the release, and what the part shows, as in #explorer?release=a&row=5.

/** Return the part and the values in the address. */
export function read() {
  const [part, query = ""] = location.hash.slice(1).split("?");
  return { part, values: Object.fromEntries(new URLSearchParams(query)) };
}

/** Return the address of a part with values; those that are undefined are left out. */
export function format(part, values = {}) {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
  return `#${part}${query ? `?${query}` : ""}`;
}

/** Set the values of the shown part but for its release: as a new entry of the history, or in place of the present one. */
export function note(values, isNew = false) {
  const { part, values: before } = read();
  const next = format(part, { release: before.release, ...values });
  if (next !== location.hash) history[isNew ? "pushState" : "replaceState"](null, "", next);
}

export const writeVector = (vector) => vector.map((value) => Number(value.toFixed(2))).join(",");

/** Return the vector of d numbers in a text of the address; null if it holds none. */
export function readVector(text, d) {
  const vector = (text ?? "").split(",").map(Number);
  return text && vector.length === d && vector.every(Number.isFinite) ? vector : null;
}
