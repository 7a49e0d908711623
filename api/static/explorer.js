// The explorer: an x, what it decodes to, the y that a model predicts from it, and the class that y decodes to.

import { note, readVector, writeVector } from "./address.js";
import { act, askJson, at, decode, forgive, guard, makeTurns, newest, Refusal } from "./client.js";
import { showCopy } from "./copy.js";
import { listen as listenToDrawing } from "./drawing.js";
import { find, make, readNumber, toggle, write } from "./elements.js";
import { drawInput, drawResidual } from "./pictures.js";
import { chooseModel, namedModel, setUpModels, showY } from "./prediction.js";
import { isMeasured, measureEffects, showSliders } from "./sliders.js";
import { between, drawNormal } from "./vectors.js";

const STEPS = 9;
const DRAWN_SHAPE = [28, 28];
const state = {
  release: null,
  x: [],
  y: [],
  rowY: [], // of the row that was shown last
  isOwn: false, // whether the reader moved y
  label: null, // of the row that x is; null for another x
  input: null, // that was encoded as x, if there is one
  row: 0,
  pair: null, // of rows to interpolate between
  shown: null, // the address of the shown vectors
};
const begin = makeTurns(); // of all actions that set x or y

const space = () => document.querySelector("input[name=space]:checked").value;

/** Show the row or the vectors in the address; without any, the first test row. */
export async function show({ release, still, values }) {
  if (state.release?.name !== release.name) {
    const [first] = await still(Promise.all([askJson(at(release, "rows/0")), setUpModels(release, still)]));
    begin();
    setUp(release, first);
  }
  if (state.shown !== location.hash) await showAddress(release, values);
  if (isMeasured(release)) return;
  await measureEffects(release, still); // after the first picture
  showSliders(space(), state[space()], move);
}

/** Show the vectors and the model in the address. */
async function showAddress(release, values) {
  chooseModel(values.model);
  const d = release.latent_dim;
  const [x, y] = ["x", "y"].map((name) => readVector(values[name], d));
  for (const [name, vector] of Object.entries({ x, y }))
    if (values[name] !== undefined && !vector)
      throw new Refusal(`The address holds no ${name} of ${d} numbers: take another address, or press Next test row.`);
  if (x) await take({ x, y: y ?? state.y, isOwn: Boolean(y), label: null, input: null });
  else await takeRow(Number(values.row ?? 0), false);
}

/** Set up all parts that depend on the release alone. */
function setUp(release, first) {
  Object.assign(state, { release, pair: null, shown: null, y: first.y, rowY: first.y });
  toggle(find("interpolate"), find("interpolation"), false);
  toggle(find("draw"), find("drawing"), false);
  find("steps").replaceChildren();
  if (!isMeasured(release)) find("sliders").replaceChildren();
  find("more").hidden = !isMeasured(release);
  find("between").disabled = true;
  find("draw").hidden = String(release.input_shape) !== String(DRAWN_SHAPE);
  find("example-row").max = release.rows_test - 1;
}

/** Show a test row; a new entry of the history leads back from it. */
async function takeRow(row, isNew = true) {
  const still = begin();
  find("example-row").value = state.row = row;
  const { x, y, input, label } = await still(askJson(at(state.release, `rows/${row}`)));
  Object.assign(state, { x, y, rowY: y, input, label, isOwn: false });
  find("example-note").textContent = input ? "" : `The release holds no input of test row ${row}, a ${label}.`;
  find("original-caption").textContent = `test row ${row}, a ${label}`;
  keepAddress(isNew);
  await refresh();
}

/** Take vectors that belong to no test row: `input` is the encoded input, if there is one. */
async function take(changes) {
  begin();
  Object.assign(state, changes);
  find("example-note").textContent = "";
  keepAddress();
  await refresh();
}

/** Take an x that belongs to no test row. */
const takeX = (x, input = null) => take({ x, input, label: null, isOwn: false });

const takeVector = (vector) => (space() === "x" ? takeX(vector) : take({ y: vector, isOwn: true }));

function keepAddress(isNew = false) {
  const y = state.isOwn ? writeVector(state.y) : undefined;
  const shown = state.label === null || y ? { x: writeVector(state.x), y } : { row: state.row };
  note({ ...shown, model: namedModel() }, isNew);
  state.shown = location.hash;
}

async function refresh(withSliders = true) {
  if (withSliders && isMeasured(state.release)) showSliders(space(), state[space()], move);
  showCopy(state.release, space(), state[space()]);
  const { release, x, label, isOwn } = state;
  const y = isOwn ? state.y : state.rowY;
  await Promise.all([decodeX(release, x, state.input), showY({ release, x, y, label, isOwn }, keepPrediction)]);
}

/** Keep a predicted y: the sliders of y begin there. */
function keepPrediction(y) {
  if (state.isOwn) return;
  state.y = [...y];
  if (space() === "y" && isMeasured(state.release)) showSliders("y", y, move);
}

/** Follow a slider. */
function move(index, value) {
  begin();
  forgive();
  const name = space();
  if (name === "x") Object.assign(state, { input: null, label: null, isOwn: false });
  else state.isOwn = true;
  state[name][index] = value;
  find("example-note").textContent = "";
  refresh(false);
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
  await takeX(between(...state.pair, share));
}

const encode = newest(
  act(async (image) => {
    const still = begin();
    const { vectors } = await still(askJson(at(state.release, "x/encode?mode=mean"), { body: { inputs: [image] } }));
    find("original-caption").textContent = "your drawing";
    await takeX(vectors[0], image);
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
onPress("random", () => takeVector(drawNormal(state.release.latent_dim)));
onPress("zero", () => takeVector(Array(state.release.latent_dim).fill(0)));
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
listen("predictor", "change", async () => {
  state.isOwn = false;
  keepAddress();
  await refresh();
});
listen("sliders", "change", async () => keepAddress());
listenToDrawing(find("pad"), find("clear"), encode);
for (const choice of document.querySelectorAll("input[name=space]"))
  choice.addEventListener("change", () => {
    if (state.release) refresh();
  });
