// What each release is, and its files.

import { askJson } from "./client.js";
import { find, make, write } from "./elements.js";

const SNIPPETS = {
  numpy: (name) =>
    `import ld_data\n\ndata = ld_data.load("${name}")\nprint(data.train.x.shape, data.train.y.shape, data.train.label.shape)`,
  Keras: (name) =>
    `import keras, ld_data\n\n(x_train, y_train), (x_test, y_test) = ld_data.load("${name}").as_keras()\nmodel = keras.Sequential([keras.layers.Dense(256, "relu"), keras.layers.Dense(y_train.shape[1])])\nmodel.compile("adam", "mse")\nmodel.fit(x_train, y_train, batch_size=128, epochs=10)`,
  PyTorch: (name) =>
    `import ld_data, torch\n\ntrain = ld_data.load("${name}").train\nrows = torch.utils.data.TensorDataset(torch.from_numpy(train.x), torch.from_numpy(train.y))\nbatches = torch.utils.data.DataLoader(rows, batch_size=128, shuffle=True)`,
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

export async function show(chosen, releases) {
  const details = await Promise.all(releases.map(({ name }) => askJson(`v1/datasets/${encodeURIComponent(name)}`)));
  details.sort((a, b) => (b.name === chosen.name) - (a.name === chosen.name));
  find("dataset-list").replaceChildren(...details.map(makeCard));
}

function makeCard(release) {
  const { manifest } = release;
  const facts = {
    source: `${release.source}, inputs of shape ${release.input_shape.join(" x ")}`,
    rows: `${write(release.rows_train)} to train on, ${write(release.rows_test)} to test on`,
    latents: `${release.latent_dim} numbers each for x and y; ${release.classes} classes`,
    "null and floor": `${write(release.null)} and ${write(release.floor)}: the MSE of who always answers the mean, and of who knows the class`,
    version: release.version,
    licence: release.licence,
    "made by": manifest.command,
    "source sha256": manifest.source.sha256,
  };
  const list = make(
    "dl",
    { className: "facts" },
    ...Object.entries(facts).flatMap(([name, value]) => [
      make("dt", { textContent: name }),
      make("dd", { textContent: value, className: name.endsWith("sha256") ? "hash" : "" }),
    ]),
  );
  return make(
    "article",
    { className: "card" },
    make("h3", { textContent: release.name }),
    list,
    makeFiles(release),
    makeSnippets(release.name),
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
            ? `${file.includes("_x") ? "x" : "y"} of the ${file.startsWith("train") ? "training" : "test"} rows`
            : ""),
      }),
      make("td", { textContent: writeSize(size), className: "number" }),
      make("td", { textContent: sha256, className: "hash" }),
    ),
  );
  const heading = make(
    "tr",
    {},
    ...["file", "content", "size", "sha256"].map((textContent) => make("th", { scope: "col", textContent })),
  );
  const table = make("table", {}, make("thead", {}, heading), make("tbody", {}, ...rows));
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": `Files of ${name}` }, table);
}

function makeSnippets(name) {
  const shown = make("pre", { tabIndex: 0 });
  const buttons = Object.keys(SNIPPETS).map((library) => make("button", { type: "button", textContent: library }));
  const show = (chosen) => {
    for (const button of buttons) button.setAttribute("aria-pressed", button === chosen);
    shown.textContent = SNIPPETS[chosen.textContent](name);
  };
  for (const button of buttons) button.addEventListener("click", () => show(button));
  show(buttons[0]);
  return make("div", {}, make("div", { className: "tabs" }, ...buttons), shown);
}
