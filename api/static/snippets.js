// Code that loads a release, by library.

import { address } from "./client.js";
import { make } from "./elements.js";

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

/** Return the snippets of a release, one of them shown. */
export function makeSnippets({ name }) {
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
