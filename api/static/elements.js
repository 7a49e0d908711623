// Elements made of values; text is always set as text.

/** Return an element with properties, attributes (names with a hyphen, and some others), and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || ["role", "for", "scope"].includes(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

export const find = (id) => document.getElementById(id);

/** Return a list of facts by name; hashes are set small. */
export const makeFacts = (facts) =>
  make(
    "dl",
    { className: "facts" },
    ...Object.entries(facts).flatMap(([name, value]) => [
      make("dt", { textContent: name }),
      make("dd", { textContent: value, className: /^[0-9a-f]{64}$/.test(value) ? "hash" : "" }),
    ]),
  );

/** Return the head of a table. */
export const makeHeading = (...names) =>
  make("thead", {}, make("tr", {}, ...names.map((textContent) => make("th", { scope: "col", textContent }))));

/** Return a number in few digits. */
export function write(value, digits = 4) {
  if (value === null || value === undefined) return "";
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(digits)));
}

/** Return the number in a field; null, and a message of the browser, if the field does not allow it. */
export const readNumber = (field) => (field.reportValidity() ? Number(field.value) : null);

/** Download a file. */
export function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Show or hide the element of a button; return whether it is open now. */
export function toggle(button, panel, isOpen = panel.hidden) {
  panel.hidden = !isOpen;
  button.setAttribute("aria-expanded", isOpen);
  return isOpen;
}
