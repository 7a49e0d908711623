// The description of the interface: all operations of openapi.json, by their tags.

import { askJson, guard } from "./client.js";
import { find, make, makeHeading } from "./elements.js";

const MAX_DEPTH = 3;
let schemas = {};

/** Return a short form of a JSON schema, such as `{ vectors: number[][] }`. */
function describe(schema = {}, depth = 0) {
  if (schema.$ref) return describe(schemas[schema.$ref.split("/").pop()], depth);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map((one) => describe(one, depth)).join(" | ");
  if (schema.prefixItems) return `[${schema.prefixItems.map((one) => describe(one, depth)).join(", ")}]`;
  if (schema.type === "array") {
    const item = describe(schema.items, depth);
    return `${item.includes(" | ") ? `(${item})` : item}[]`;
  }
  if (!schema.properties) return schema.const ? JSON.stringify(schema.const) : String(schema.type ?? "any");
  if (depth === MAX_DEPTH) return "{ … }";
  const fields = Object.entries(schema.properties).map(([name, field]) => `${name}: ${describe(field, depth + 1)}`);
  return `{ ${fields.join(", ")} }`;
}

/** Return text whose parts in backticks are code. */
const makeText = (text = "") =>
  text.split("`").map((part, number) => (number % 2 ? make("code", { textContent: part }) : part));

const makeRow = (head, ...cells) =>
  make("tr", {}, make("th", { scope: "row" }, make("code", { textContent: head })), ...cells.map((cell) => make("td", {}, ...cell)));

const makeTable = (caption, headings, rows) =>
  rows.length
    ? [
        make(
          "div",
          { className: "scroll", tabIndex: 0, role: "region", "aria-label": caption },
          make("table", {}, make("caption", { textContent: caption }), makeHeading(...headings), make("tbody", {}, ...rows)),
        ),
      ]
    : [];

const makeContent = (content = {}) =>
  Object.entries(content).flatMap(([type, { schema }]) => [
    make("div", {}, make("code", { textContent: type }), ` ${describe(schema)}`),
  ]);

const makeParameter = ({ name, in: place, required, schema = {}, description }) =>
  makeRow(
    name,
    [place],
    [describe(schema), ...(schema.default == null ? [] : [`, by default ${schema.default}`]), required ? ", required" : ""],
    makeText(description ?? schema.description),
  );

function makeOperation(method, path, operation) {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  return make(
    "details",
    { id: operation.operationId },
    make("summary", {}, make("code", { textContent: `${method.toUpperCase()} ${path}` }), ` ${summary}`),
    make("p", {}, ...makeText(description)),
    ...makeTable("Parameters", ["name", "in", "values", "meaning"], parameters.map(makeParameter)),
    ...(requestBody ? [make("h4", { textContent: "Body" }), ...makeContent(requestBody.content)] : []),
    ...makeTable(
      "Answers",
      ["status", "meaning", "content"],
      Object.entries(responses).map(([status, answer]) =>
        makeRow(status, makeText(answer.description), makeContent(answer.content)),
      ),
    ),
  );
}

guard(async () => {
  const { info, paths, servers = [], components } = await askJson("openapi.json");
  const root = servers[0]?.url ?? "";
  const groups = new Map();
  schemas = components.schemas;
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations)) {
      const [tag] = operation.tags;
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(makeOperation(method, root + path, operation));
    }
  find("version").textContent = info.version;
  find("description").replaceChildren(...info.description.split("\n\n").map((text) => make("p", {}, ...makeText(text))));
  const names = [...groups.keys()];
  const place = (tag) => `tag-${names.indexOf(tag)}`;
  find("parts").replaceChildren(...names.map((tag) => make("a", { href: `#${place(tag)}`, textContent: tag })));
  find("operations").replaceChildren(
    ...names.flatMap((tag) => [make("h3", { id: place(tag), textContent: tag }), ...groups.get(tag)]),
  );
})();
