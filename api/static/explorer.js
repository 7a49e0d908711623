// The explorer: sliders over x and y, and what they decode to.

import { askJson, at, decode, guard, newest } from "./client.js";
import { listen as listenToDrawing } from "./drawing.js";
import { find, make, toggle, write } from "./elements.js";
import { drawInput, drawResidual, drawStrip } from "./pictures.js";
import { between, drawNormal } from "./vectors.js";

const LIMIT = 3.5; // of a slider: one in two thousand components lies beyond
const STEPS = 9;
const DRAWN_SHAPE = [28, 28];
const state = { release: null, x: [], y: [], input: null, pair: null, wanted: 0 };

const space = () => document.querySelector("input[name=space]:checked").value;

/** Show a release: its first test example if it is another than before, or the row that was asked for. */
export async function show(release) {
  const isNew = state.release?.name !== release.name;
  if (isNew) {
    Object.assign(state, { release, pair: null, wanted: state.wanted ?? 0 });
    toggle(find("interpolate"), find("interpolation"), false);
    toggle(find("draw"), find("drawing"), false);
    find("draw").hidden = String(release.input_shape) !== String(DRAWN_SHAPE);
    find("example-row").max = release.rows_test - 1;
    for (const output of document.querySelectorAll(".dim")) output.textContent = release.latent_dim;
    await drawChain(release);
  }
  if (state.wanted === null) return;
  const row = state.wanted;
  state.wanted = null;
  await takeRow(row);
}

/** Take a test example when the explorer is shown next. */
export function openRow(row) {
  state.wanted = row;
}

async function takeRow(number) {
  const found = await askJson(at(state.release, `rows/${number}`));
  Object.assign(state, { x: found.x, y: found.y, input: found.input });
  find("example-row").value = number;
  find("example-note").textContent = found.input
    ? ""
    : `The release holds no input of test example ${number}, a ${found.label}: only those of the first.`;
  find("original-caption").textContent = `test example ${number}, a ${found.label}`;
  await refresh(true);
}

/** Show what a release is made of by its first test row. */
async function drawChain(release) {
  const { input, x, y, label } = await askJson(at(release, "rows/0"));
  if (input) drawInput(find("chain-input"), input);
  drawStrip(find("chain-x"), x);
  drawStrip(find("chain-y"), y);
  find("chain-class").textContent = label;
}

/** Take a vector that stands for no example: `input` is what x was encoded from, if it was. */
async function take(name, vector, input = null) {
  find("example-note").textContent = "";
  state[name] = vector;
  if (name === "x") state.input = input;
  await refresh(true);
}

async function refresh(withSliders) {
  if (withSliders) makeSliders();
  updateCopy();
  await Promise.all([decodeX(state.release, state.x, state.input), decodeY(state.release, state.y)]);
}

const measureError = (a, b) => a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0) / a.length;

const decodeX = newest(
  guard(async (release, x, input) => {
    const began = performance.now();
    const [decoded] = await decode(release, [x]);
    if (release !== state.release) return;
    find("status").textContent = `decoded in ${(performance.now() - began).toFixed(0)} ms`;
    drawInput(find("decoded"), decoded);
    find("original-figure").hidden = find("residual-figure").hidden = !input;
    if (input) {
      drawInput(find("original"), input);
      drawResidual(find("residual"), input, decoded);
      find("residual-caption").textContent = `residual, MSE ${write(measureError(input.flat(), decoded.flat()), 2)}`;
    }
  }),
);

const decodeY = newest(
  guard(async (release, y) => {
    const { probabilities } = await askJson(at(release, "y/decode"), { body: { vectors: [y] } });
    if (release !== state.release) return;
    const rows = probabilities[0].map((probability, label) => {
      const bar = make("span");
      bar.style.width = `${100 * probability}%`;
      return make(
        "li",
        {},
        make("span", { textContent: label }),
        make("span", { className: "bar" }, bar),
        make("span", { textContent: probability.toFixed(2) }),
      );
    });
    find("classes").replaceChildren(...rows);
  }),
);

function makeSliders() {
  const name = space();
  const sliders = state[name].map((value, index) => {
    const slider = make("input", {
      type: "range",
      min: -LIMIT,
      max: LIMIT,
      step: 0.01,
      value: String(value),
      "aria-label": `component ${index} of ${name}`,
    });
    const shown = make("output", { textContent: value.toFixed(2) });
    slider.addEventListener("input", () => {
      state[name][index] = Number(slider.value);
      shown.textContent = Number(slider.value).toFixed(2);
      if (name === "x") state.input = null;
      refresh(false);
    });
    return make("label", {}, `${name}${index}`, slider, shown);
  });
  find("sliders").replaceChildren(...sliders);
}

/** Return the current vector in the words of a program. */
function writeVector(form) {
  const [name, rounded] = [space(), state[space()].map((value) => Number(value.toFixed(4)))];
  const vector = `[${rounded.join(", ")}]`;
  const url = new URL(at(state.release, `${name}/decode`), document.baseURI).href;
  if (form === "json") return vector;
  if (form === "curl")
    return `curl -s '${url}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"vectors": [${vector}]}'`;
  const decoded = name === "x" ? "input" : "probabilities";
  return `import numpy as np\nimport vae\n\n${name} = np.array([${vector}])\ncodec = vae.load("${state.release.name}")\n${decoded} = codec.${name}.decode(${name})[0]`;
}

let copied = "json";
const updateCopy = () => {
  find("copy-text").value = writeVector(copied);
};

async function copy(form) {
  copied = form;
  updateCopy();
  try {
    await navigator.clipboard.writeText(find("copy-text").value);
    find("copied").textContent = "copied";
  } catch {
    find("copy-text").select();
    find("copied").textContent = "selected: press Ctrl+C";
  }
}

const interpolate = guard(async (isNew) => {
  const release = state.release;
  if (isNew || !state.pair) {
    const numbers = [0, 1].map(() => Math.floor(Math.random() * release.rows_test));
    state.pair = (await Promise.all(numbers.map((number) => askJson(at(release, `rows/${number}`))))).map(({ x }) => x);
  }
  const shares = Array.from({ length: STEPS }, (_, step) => step / (STEPS - 1));
  const pictures = await decode(
    release,
    shares.map((share) => between(...state.pair, share)),
  );
  const buttons = pictures.map((picture, step) => {
    const canvas = make("canvas", { width: 52, height: 52 });
    drawInput(canvas, picture);
    const button = make("button", { type: "button", "aria-label": `step ${step + 1} of ${STEPS}` }, canvas);
    button.addEventListener("click", () => moveTo(shares[step]));
    return button;
  });
  find("steps").replaceChildren(...buttons);
  await moveTo(0);
});

async function moveTo(share) {
  find("between").value = share;
  await take("x", between(...state.pair, share));
}

const encode = newest(
  guard(async (image) => {
    const { vectors } = await askJson(`${at(state.release, "x/encode")}?mode=mean`, { body: { inputs: [image] } });
    find("original-caption").textContent = "your drawing";
    await take("x", vectors[0], image);
  }),
);

const onPress = (id, work) => find(id).addEventListener("click", guard(work));
onPress("random", () => take(space(), drawNormal(state.release.latent_dim)));
onPress("zero", () => take(space(), Array(state.release.latent_dim).fill(0)));
onPress("example", () => {
  const next = (Number(find("example-row").value) + 1) % state.release.rows_test;
  return takeRow(next);
});
find("example-row").addEventListener(
  "change",
  guard(({ target }) => {
    if (!target.reportValidity()) return undefined;
    return takeRow(Number(target.value));
  }),
);
onPress("interpolate", () => (toggle(find("interpolate"), find("interpolation")) ? interpolate(false) : undefined));
onPress("other-pair", () => interpolate(true));
find("between").addEventListener(
  "input",
  guard(({ target }) => take("x", between(...state.pair, Number(target.value)))),
);
onPress("draw", () => toggle(find("draw"), find("drawing")));
listenToDrawing(find("pad"), find("clear"), encode);
document.querySelectorAll("input[name=space]").forEach((choice) =>
  choice.addEventListener("change", () => {
    makeSliders();
    updateCopy();
  }),
);
document
  .querySelectorAll("[data-copy]")
  .forEach((button) => button.addEventListener("click", () => copy(button.dataset.copy)));
