// A release: its rows, code that loads it, the facts about it, and its files.

import { note } from "./address.js";
import { act, address, askJson, at, decode, guard, newest } from "./client.js";
import { find, make, makeFacts, makeHeading, write } from "./elements.js";
import { drawInput, drawStrip } from "./pictures.js";
import { makeSnippets } from "./snippets.js";

const CONTENT = {
  "data.npz": "x, y and labels of all rows, the cells of y, and the class means",
  "examples.npz": "inputs of the first test rows, and a map of x",
  "cells.npz": "the cells of y",
  "model.json": "the configuration of the models",
  "manifest.json": "what is in the release, how it was made, hashes, and the health report",
  "x.encoder.onnx": "the encoder of x",
  "x.decoder.onnx": "the decoder of x",
};

const ROWS = 8; // of one page of the table of rows
const state = { release: null, first: 0 };

export async function show({ release, releases, still, values, openRow, choose }) {
  find("releases").replaceChildren(
    makeHeading("release", "source", "training rows", "test rows", "licence"),
    make("tbody", {}, ...releases.map((one) => makeSummary(one, release, choose))),
  );
  const details = await still(askJson(at(release)));
  const table = make("table", { className: "rows" });
  Object.assign(state, { release, first: Math.max(0, Number(values.row ?? 0)) });
  find("dataset").replaceChildren(...makeParts(details, table, openRow));
  await showRows(table, openRow);
}

const makeSummary = (one, chosen, choose) => {
  const isChosen = one.name === chosen.name;
  const button = make("button", { type: "button", className: "link", textContent: one.name, "aria-pressed": isChosen });
  button.addEventListener("click", () => choose(one.name));
  const cells = [button, one.source, write(one.rows_train), write(one.rows_test), one.licence];
  return make("tr", { className: isChosen ? "chosen" : "" }, ...cells.map((cell) => make("td", {}, cell)));
};

function makeParts(release, table, openRow) {
  const { manifest } = release;
  const facts = {
    source: `${release.source}, inputs of shape ${release.input_shape.join(" x ")}`,
    latents: `${release.latent_dim} numbers each for x and y; ${release.classes} classes`,
    null: `MSE ${write(release.null)}, expected of a model that always answers the mean`,
    floor: `MSE ${write(release.floor)}, expected of one that knows the class`,
    version: release.version,
    licence: release.licence,
    "to decode": `POST ${address(at(release, "x/decode"))}`,
  };
  const origin = { "made by": manifest.command, "source sha256": manifest.source.sha256 };
  return [
    make("h3", { textContent: "Test rows" }),
    make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Test rows" }, table),
    makePager(release, table, openRow),
    make("h3", { textContent: "Load it" }),
    makeSnippets(release),
    make("h3", { textContent: "Facts" }),
    makeFacts(facts),
    fold("How it was made", makeFacts(origin)),
    fold("Formats of other libraries", makeExports(release)),
    fold("Files and hashes", makeFiles(release)),
  ];
}

const fold = (title, ...content) => make("details", {}, make("summary", { textContent: title }), ...content);

function makePager({ rows_test: count }, table, openRow) {
  const turn = act(async (step) => {
    const first = state.first + step * ROWS;
    state.first = first >= count ? 0 : Math.max(0, first);
    note({ row: state.first });
    await showRows(table, openRow);
  });
  const buttons = { "Earlier rows": -1, "Later rows": 1 };
  return make(
    "div",
    { className: "actions" },
    ...Object.entries(buttons).map(([textContent, step]) => {
      const button = make("button", { type: "button", textContent });
      button.addEventListener("click", () => turn(step));
      return button;
    }),
  );
}

const showRows = newest(
  guard(async (table, openRow) => {
    const { release, first } = state;
    const numbers = Array.from({ length: ROWS }, (_, place) => first + place).filter((row) => row < release.rows_test);
    const rows = await Promise.all(numbers.map((row) => askJson(at(release, `rows/${row}`))));
    const inputs = await decode(release, rows.map(({ x }) => x));
    if (release !== state.release) return;
    const body = make("tbody", {}, ...rows.map((row) => makeTestRow(row, openRow)));
    table.replaceChildren(makeHeading("row", "label", "input", "decoded from x", "x", "y"), body);
    rows.forEach(({ x, y, input }, place) => {
      const [shown, decoded, ...strips] = body.children[place].querySelectorAll("canvas");
      if (input) drawInput(shown, input);
      drawInput(decoded, inputs[place]);
      drawStrip(strips[0], x);
      drawStrip(strips[1], y);
    });
  }),
);

function makeTestRow({ row, label }, openRow) {
  const title = `row ${row} in the explorer`;
  const button = make("button", { type: "button", className: "link", textContent: row, "aria-label": title });
  button.addEventListener("click", () => openRow(row));
  const names = ["thumb", "thumb", "strip", "strip"];
  const canvases = names.map((className) => make("canvas", { className, "aria-hidden": "true" }));
  return make("tr", {}, ...[button, String(label), ...canvases].map((cell) => make("td", {}, cell)));
}

const writeSize = (bytes) => (bytes < 1e5 ? `${write(bytes / 1e3, 2)} kB` : `${write(bytes / 1e6, 3)} MB`);

function makeFiles({ name, files }) {
  const rows = Object.entries(files).map(([file, { size, sha256, url }]) =>
    make(
      "tr",
      {},
      make("td", {}, make("a", { href: url.slice(1), download: file, textContent: file })),
      make("td", {
        textContent:
          CONTENT[file] ??
          (file.endsWith(".npy")
            ? `${file.includes("_x") ? "x" : "y"} of the ${file.startsWith("train") ? "training" : "test"} rows${
                file.split(".").length > 2 ? `, shifted by ${file.split(".")[1]}` : ""
              }`
            : ""),
      }),
      make("td", { textContent: writeSize(size), className: "number" }),
      make("td", { textContent: sha256, className: "hash" }),
    ),
  );
  const table = make("table", {}, makeHeading("file", "content", "size", "sha256"), make("tbody", {}, ...rows));
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": `Files of ${name}` }, table);
}

function makeExports(release) {
  const files = Object.values(release.exports).flatMap(Object.keys);
  const places = files.map((file) => [file, at(release, `files/${file}`)]);
  const links = [...places, ["croissant.json", at(release, "croissant.json")]].flatMap(([file, href], i) => [
    i ? ", " : "",
    make("a", { href, download: file, textContent: file }),
  ]);
  return make("p", {}, "Made on the first request: ", ...links);
}

