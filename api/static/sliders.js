// Sliders over the components of a vector; those of x stand beside small pictures of what each component changes.

import { askJson, askRows, at, guard, newest } from "./client.js";
import { find, make } from "./elements.js";
import { drawSheet } from "./pictures.js";

const LIMIT = 3.5; // of a slider: one in two thousand components lies beyond
const STEPS = [-2, -1, 0, 1, 2];
const FIRST = 8; // components that are shown before the reader asks for all
const MEASURED = 4; // test rows around which effects are measured
const state = { order: [], isWhole: false, name: "x", vector: [], onChange: null, release: null };

const isImage = ({ input_shape }) => input_shape.length > 1;
const askPictures = (release, vectors) =>
  askRows(at(release, `x/decode${isImage(release) ? "?dtype=uint8" : ""}`), { vectors });
const replace = (vector, index, value) => vector.map((own, place) => (place === index ? value : own));

/** Return whether the effects of a release's components are measured, so that its sliders have an order. */
export const isMeasured = (release) => state.release?.name === release.name;

/** Measure how much each component of x changes what is decoded, so that the sliders stand in that order. */
export async function measureEffects(release, still) {
  const d = release.latent_dim;
  const numbers = Array.from({ length: MEASURED }, (_, row) => row);
  const rows = await still(Promise.all(numbers.map((row) => askJson(at(release, `rows/${row}`)))));
  const ends = rows
    .flatMap(({ x }) => Array.from({ length: d }, (_, index) => [-2, 2].map((value) => replace(x, index, value))))
    .flat();
  const pictures = await still(askPictures(release, ends));
  const effects = Array(d).fill(0);
  for (let pair = 0; pair < pictures.length; pair += 2)
    for (let place = 0; place < pictures[pair].length; place += 1)
      effects[(pair / 2) % d] += (pictures[pair][place] - pictures[pair + 1][place]) ** 2;
  state.order = [...effects.keys()].sort((a, b) => effects[b] - effects[a]);
  state.release = release;
}

/** Show the sliders of a vector; `onChange(index, value)` is called while one moves. */
export function showSliders(name, vector, onChange) {
  Object.assign(state, { name, vector, onChange });
  const d = vector.length;
  const order = name === "x" ? state.order : [...vector.keys()];
  const shown = state.isWhole ? order : order.slice(0, FIRST);
  find("sliders").classList.toggle("with-pictures", name === "x");
  find("sliders").replaceChildren(...shown.map((index) => makeSlider(name, vector[index], index)));
  find("sliders-note").textContent =
    name === "x"
      ? "The components that change the picture most come first. Small pictures: that component at " +
        `${STEPS.join(", ")}, the others as they are.`
      : `${state.release.classes - 1} directions of y, each spread over many components, hold its class; the rest is noise.`;
  find("more").textContent = state.isWhole ? `The first ${FIRST} alone` : `All ${d} components`;
  find("more").setAttribute("aria-expanded", state.isWhole);
  find("more").hidden = d <= FIRST;
  if (name === "x") drawTraversals(state.release, vector, shown);
}

/** Draw the small pictures anew around the present x. */
export const redrawTraversals = () => {
  if (state.name === "x") drawTraversals(state.release, state.vector, listShown());
};

const listShown = () => [...find("sliders").children].map((row) => Number(row.dataset.index));

const drawTraversals = newest(
  guard(async (release, vector, shown) => {
    const vectors = shown.flatMap((index) => STEPS.map((value) => replace(vector, index, value)));
    const pictures = await askPictures(release, vectors);
    if (release !== state.release) return;
    shown.forEach((index, place) => {
      const canvas = find("sliders").querySelector(`[data-index="${index}"] canvas`);
      const own = pictures.slice(place * STEPS.length, (place + 1) * STEPS.length);
      if (canvas) drawSheet(canvas, own, release.input_shape);
    });
  }),
);

function makeSlider(name, value, index) {
  const slider = make("input", {
    type: "range",
    min: -LIMIT,
    max: LIMIT,
    step: 0.01,
    value: String(value),
    "aria-label": `component ${index} of ${name}`,
  });
  const shown = make("output", { textContent: value.toFixed(2) });
  const move = () => {
    shown.textContent = Number(slider.value).toFixed(2);
    state.onChange(index, Number(slider.value));
  };
  slider.addEventListener("input", move);
  slider.addEventListener("change", redrawTraversals);
  const parts = [make("span", {}, name, make("sub", { textContent: index }))];
  if (name === "x") {
    const canvas = make("canvas", { "aria-hidden": "true" });
    canvas.addEventListener("click", ({ offsetX }) => {
      slider.value = STEPS[Math.min(STEPS.length - 1, Math.floor((offsetX / canvas.clientWidth) * STEPS.length))];
      move();
      redrawTraversals();
    });
    parts.push(canvas);
  }
  const row = make("label", { className: "slider" }, ...parts, slider, shown);
  row.dataset.index = index;
  return row;
}

find("more").addEventListener("click", () => {
  state.isWhole = !state.isWhole;
  showSliders(state.name, state.vector, state.onChange);
});
