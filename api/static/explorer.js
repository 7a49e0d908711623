// The explorer: sliders over x and y, and the decoded input and class.

import { act, address, askJson, at, decode, forgive, guard, makeTurns, newest, Refusal } from "./client.js";
import { listen as listenToDrawing } from "./drawing.js";
import { find, make, readNumber, toggle, write } from "./elements.js";
import { drawInput, drawResidual, drawStrip } from "./pictures.js";
import { between, drawNormal } from "./vectors.js";

const LIMIT = 3.5; // of a slider: one in two thousand components lies beyond
const STEPS = 9;
const DRAWN_SHAPE = [28, 28];
const state = { release: null, x: [], y: [], input: null, row: 0, pair: null, wanted: 0, copied: "json" };
const begin = makeTurns(); // of all actions that set x or y

const space = () => document.querySelector("input[name=space]:checked").value;

/** Show a release: its first test example after a change of release, or the wanted row. */
export async function show({ release, still }) {
  if (state.release?.name !== release.name) {
    const first = await still(askJson(at(release, "rows/0")));
    begin();
    Object.assign(state, { release, pair: null, wanted: state.wanted ?? 0 });
    setUp(release, first);
  }
  const row = state.wanted;
  if (row === null) return;
  state.wanted = null;
  try {
    await takeRow(row);
  } catch (error) {
    if (error instanceof Refusal) state.wanted = row; // try again when the explorer is shown next
    throw error;
  }
}

/** Open a test row when the explorer is shown next. */
export function wantRow(row) {
  state.wanted = row;
}

/** Set up all parts that depend on the release alone, and show its first test row. */
function setUp(release, { input, x, y, label }) {
  toggle(find("interpolate"), find("interpolation"), false);
  toggle(find("draw"), find("drawing"), false);
  find("steps").replaceChildren();
  find("between").disabled = true;
  find("draw").hidden = String(release.input_shape) !== String(DRAWN_SHAPE);
  find("example-row").max = release.rows_test - 1;
  for (const place of document.querySelectorAll(".dim")) place.textContent = release.latent_dim;
  if (input) drawInput(find("chain-input"), input);
  drawStrip(find("chain-x"), x);
  drawStrip(find("chain-y"), y);
  find("chain-class").textContent = label;
}

async function takeRow(row) {
  const still = begin();
  find("example-row").value = state.row = row;
  const { x, y, input, label } = await still(askJson(at(state.release, `rows/${row}`)));
  Object.assign(state, { x, y, input });
  find("example-note").textContent = input ? "" : `The release holds no input of test row ${row}, a ${label}.`;
  find("original-caption").textContent = `test row ${row}, a ${label}`;
  await refresh();
}

/** Take a vector that belongs to no test row: `input` is the encoded input, if there is one. */
async function take(name, vector, input = null) {
  begin();
  state[name] = vector;
  if (name === "x") state.input = input;
  find("example-note").textContent = "";
  await refresh();
}

async function refresh(withSliders = true) {
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
    if (!input) return;
    drawInput(find("original"), input);
    drawResidual(find("residual"), input, decoded);
    find("residual-error").textContent = write(measureError(input.flat(2), decoded.flat(2)), 2);
  }),
);

const decodeY = newest(
  guard(async (release, y) => {
    const { probabilities } = await askJson(at(release, "y/decode"), { body: { vectors: [y] } });
    if (release === state.release) find("classes").replaceChildren(...probabilities[0].map(makeClass));
  }),
);

function makeClass(probability, label) {
  const bar = make("span");
  bar.style.width = `${100 * probability}%`;
  return make(
    "li",
    {},
    make("span", { textContent: label }),
    make("span", { className: "bar" }, bar),
    make("span", { textContent: probability.toFixed(2) }),
  );
}

function makeSliders() {
  const name = space();
  find("sliders").replaceChildren(...state[name].map((value, index) => makeSlider(name, value, index)));
}

function makeSlider(name, value, index) {
  const slider = make("input", {
    type: "range",
    min: -LIMIT,
    max: LIMIT,
    step: 0.01,
    value: String(value),
    "aria-label": `component ${index} of ${name}`,
  });
  const shown = make("span", { textContent: value.toFixed(2) });
  slider.addEventListener("input", () => {
    begin();
    forgive();
    state[name][index] = Number(slider.value);
    if (name === "x") state.input = null;
    shown.textContent = Number(slider.value).toFixed(2);
    find("example-note").textContent = "";
    refresh(false);
  });
  return make("label", {}, `${name}${index}`, slider, shown);
}

/** Return the shown vector as text for a program. */
function writeVector(form) {
  const name = space();
  const vector = `[${state[name].map((value) => Number(value.toFixed(4))).join(", ")}]`;
  if (form === "json") return vector;
  if (form === "curl") {
    const url = address(at(state.release, `${name}/decode`));
    return `curl -s '${url}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"vectors": [${vector}]}'`;
  }
  const decoded = name === "x" ? "inputs" : "probabilities";
  return [
    "import numpy as np",
    "import vae\n",
    `${name} = np.array([${vector}])`,
    `${decoded} = vae.load("${state.release.name}").${name}.decode(${name})`,
  ].join("\n");
}

function updateCopy() {
  find("copy-text").value = writeVector(state.copied);
  find("copied").textContent = "";
}

async function copy(form) {
  state.copied = form;
  updateCopy();
  try {
    await navigator.clipboard.writeText(find("copy-text").value);
    find("copied").textContent = "copied";
  } catch {
    find("copy-text").select();
    find("copied").textContent = "selected: press Ctrl+C";
  }
}

/** Choose two test rows, and show the steps from one to the other. */
async function interpolate() {
  const [still, { release }] = [begin(), state];
  find("between").disabled = true;
  const numbers = [0, 1].map(() => Math.floor(Math.random() * release.rows_test));
  const rows = await still(Promise.all(numbers.map((row) => askJson(at(release, `rows/${row}`)))));
  const pair = rows.map(({ x }) => x);
  const shares = Array.from({ length: STEPS }, (_, step) => step / (STEPS - 1));
  const vectors = shares.map((share) => between(...pair, share));
  const pictures = await still(decode(release, vectors));
  state.pair = pair;
  find("between").disabled = false;
  find("steps").replaceChildren(...pictures.map((picture, step) => makeStep(picture, step, shares[step])));
  await moveTo(0);
}

function makeStep(picture, step, share) {
  const canvas = make("canvas", { width: 52, height: 52 });
  drawInput(canvas, picture);
  const button = make("button", { type: "button", "aria-label": `step ${step + 1} of ${STEPS}` }, canvas);
  button.addEventListener(
    "click",
    act(() => moveTo(share)),
  );
  return button;
}

async function moveTo(share) {
  find("between").value = share;
  await take("x", between(...state.pair, share));
}

const encode = newest(
  act(async (image) => {
    const still = begin();
    const { vectors } = await still(askJson(at(state.release, "x/encode?mode=mean"), { body: { inputs: [image] } }));
    find("original-caption").textContent = "your drawing";
    await take("x", vectors[0], image);
  }),
);

/** Run a function on an event of an element, once there is a release. */
const listen = (id, event, work) =>
  find(id).addEventListener(
    event,
    act(async (...values) => {
      if (state.release) await work(...values);
    }),
  );
const onPress = (id, work) => listen(id, "click", work);
onPress("random", () => take(space(), drawNormal(state.release.latent_dim)));
onPress("zero", () => take(space(), Array(state.release.latent_dim).fill(0)));
onPress("example", () => takeRow((state.row + 1) % state.release.rows_test));
onPress("other-pair", interpolate);
onPress("interpolate", async () => {
  if (toggle(find("interpolate"), find("interpolation")) && !state.pair) await interpolate();
});
onPress("draw", async () => {
  toggle(find("draw"), find("drawing"));
});
listen("between", "input", ({ target }) => moveTo(Number(target.value)));
listen("example-row", "change", async ({ target }) => {
  const row = readNumber(target);
  if (row !== null) await takeRow(row);
});
listenToDrawing(find("pad"), find("clear"), encode);
for (const choice of document.querySelectorAll("input[name=space]")) {
  choice.addEventListener("change", () => {
    makeSliders();
    updateCopy();
  });
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => copy(button.dataset.copy));
}
