// The shown vector as text for a program.

import { address, at } from "./client.js";
import { find } from "./elements.js";

const state = { form: "json", write: () => "" };

/** Offer a vector of x or y for copying. */
export function showCopy(release, name, vector) {
  state.write = (form) => writeVector(release, name, vector, form);
  update();
}

function writeVector(release, name, values, form) {
  const vector = `[${values.map((value) => Number(value.toFixed(4))).join(", ")}]`;
  if (form === "json") return vector;
  if (form === "curl") {
    const url = address(at(release, `${name}/decode`));
    return `curl -s '${url}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"vectors": [${vector}]}'`;
  }
  const decoded = name === "x" ? "inputs" : "probabilities";
  return [
    "import numpy as np",
    "import vae\n",
    `${name} = np.array([${vector}])`,
    `${decoded} = vae.load("${release.name}").${name}.decode(${name})`,
  ].join("\n");
}

function update() {
  find("copy-text").value = state.write(state.form);
  find("copied").textContent = "";
}

async function copy(form) {
  state.form = form;
  update();
  try {
    await navigator.clipboard.writeText(find("copy-text").value);
    find("copied").textContent = "copied";
  } catch {
    find("copy-text").select();
    find("copied").textContent = "selected: press Ctrl+C";
  }
}

for (const button of document.querySelectorAll("[data-copy]"))
  button.addEventListener("click", () => copy(button.dataset.copy));
