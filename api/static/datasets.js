// The facts about each release, and its files.

import { address, askJson, at } from "./client.js";
import { find, make, makeFacts, makeHeading, write } from "./elements.js";

const SNIPPETS = {
  numpy: (name) => `import ld_data
train = ld_data.load("${name}").train
x, y, labels = train.x, train.y, train.label`,
  Keras: (name) => `import ld_data
(x_train, y_train), (x_test, y_test) = ld_data.load("${name}").as_keras()
model.fit(x_train, y_train, validation_data=(x_test, y_test))  # a Keras model of yours`,
  "Hugging Face": (name) => `# python -m ld_data export ${name} --format parquet
from datasets import load_dataset
rows = load_dataset("${name}-parquet", split="train").with_format("numpy")`,
  PyTorch: (name) => `import ld_data, torch
train = ld_data.load("${name}").train
rows = torch.utils.data.TensorDataset(torch.from_numpy(train.x), torch.from_numpy(train.y))`,
};
const CONTENT = {
  "data.npz": "x, y and labels of all rows, the cells of y, and the class means",
  "examples.npz": "inputs of the first test rows, and a map of x",
  "cells.npz": "the cells of y",
  "model.json": "the configuration of the models",
  "manifest.json": "what is in the release, how it was made, hashes, and the health report",
  "x.encoder.onnx": "the encoder of x",
  "x.decoder.onnx": "the decoder of x",
};

export async function show({ release, releases, still }) {
  const details = await still(Promise.all(releases.map((one) => askJson(at(one)))));
  details.sort((a, b) => (b.name === release.name) - (a.name === release.name));
  find("dataset-list").replaceChildren(...details.map(makeCard));
}

function makeCard(release) {
  const { manifest } = release;
  const facts = {
    source: `${release.source}, inputs of shape ${release.input_shape.join(" x ")}`,
    rows: `${write(release.rows_train)} to train on, ${write(release.rows_test)} to test on`,
    latents: `${release.latent_dim} numbers each for x and y; ${release.classes} classes`,
    "null and floor": `${write(release.null)} and ${write(release.floor)}: the MSE of a model that always answers the mean, and of one that knows the class`,
    version: release.version,
    licence: release.licence,
    "made by": manifest.command,
    "source sha256": manifest.source.sha256,
    "to decode": `POST ${address(at(release, "x/decode"))}`,
  };
  return make(
    "article",
    { className: "card" },
    make("h3", { textContent: release.name }),
    makeFacts(facts),
    makeFiles(release),
    makeExports(release),
    makeSnippets(release),
  );
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
  return make("p", {}, "In other formats, made on the first request: ", ...links);
}

function makeSnippets({ name }) {
  const shown = make("pre", { tabIndex: 0 });
  const buttons = Object.keys(SNIPPETS).map((library) => make("button", { type: "button", textContent: library }));
  const show = (chosen) => {
    for (const button of buttons) button.setAttribute("aria-pressed", button === chosen);
    shown.textContent = SNIPPETS[chosen.textContent](name);
  };
  for (const button of buttons) button.addEventListener("click", () => show(button));
  show(buttons[0]);
  const command = `python -m ld_data download ${name} --from ${address("").replace(/\/$/, "")}`;
  const first = make("p", {}, "Fetch it once: ", make("code", { textContent: command }));
  return make("div", {}, first, make("div", { className: "tabs" }, ...buttons), shown);
}
