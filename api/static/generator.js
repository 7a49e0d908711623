// The parameters of MNIST-1D, and signals made with them.

import { act, ask, askJson, forgive, guard, newest } from "./client.js";
import { colourOf } from "./colours.js";
import { find, make, readNumber, save } from "./elements.js";
import { keepDrawn } from "./pictures.js";

const PATH = "v1/sources/mnist1d/generate";
const CLASSES = 10;
const SHOWN = 3; // signals of each class
const COLUMNS = 2;
const REACH = 3.5; // as in pictures.js
const KNOBS = {
  scale_coeff: { label: "scale", value: 0.4, most: 2, step: 0.05 },
  max_translation: { label: "translation", value: 48, least: 1, most: 100, step: 1 },
  corr_noise_scale: { label: "correlated noise", value: 0.25, most: 1.5, step: 0.05 },
  iid_noise_scale: { label: "independent noise", value: 0.02, most: 0.5, step: 0.01 },
  shear_scale: { label: "shear", value: 0.75, most: 3, step: 0.05 },
  final_seq_length: { label: "length", value: 40, least: 10, most: 120, step: 1 },
  seed: { label: "seed", value: 42, most: 1000, step: 1 },
};
const sliders = {};

export const isOfAll = true; // releases

export async function show() {
  if (!Object.keys(sliders).length) makeKnobs();
  await generate();
}

function makeKnobs() {
  for (const [name, { label, value, least = 0, most, step }] of Object.entries(KNOBS)) {
    const slider = make("input", { type: "range", min: least, max: most, step, value });
    const shown = make("output", { textContent: value });
    slider.addEventListener("input", () => {
      forgive();
      shown.textContent = slider.value;
      generate();
    });
    sliders[name] = slider;
    find("knobs").append(make("label", {}, label, slider, shown));
  }
}

const readKnobs = () =>
  Object.fromEntries(Object.entries(sliders).map(([name, slider]) => [name, Number(slider.value)]));

const generate = newest(
  guard(async () => {
    const began = performance.now();
    const rows = CLASSES * (SHOWN + 1); // the training and the test signals are all shown
    const data = await askJson(PATH, { body: { ...readKnobs(), num_samples: rows } });
    const [signals, labels] = [
      [...data.x, ...data.x_test],
      [...data.y, ...data.y_test],
    ];
    find("generator-status").textContent = `${rows} signals in ${(performance.now() - began).toFixed(0)} ms`;
    const classes = Array.from({ length: CLASSES }, (_, label) =>
      signals.filter((_, row) => labels[row] === label).slice(0, SHOWN),
    );
    keepDrawn(find("signals"), (context, ratio) => draw(context, ratio, classes));
  }),
);

/** Draw the signals of each class in a cell of their own. */
function draw(context, ratio, classes) {
  const { canvas } = context;
  const [width, height] = [canvas.width / COLUMNS, canvas.height / Math.ceil(classes.length / COLUMNS)];
  const reach = Math.max(REACH, ...classes.flat(2).map(Math.abs));
  context.font = `${14 * ratio}px system-ui`;
  classes.forEach((signals, label) => {
    const [left, top] = [(label % COLUMNS) * width, Math.floor(label / COLUMNS) * height];
    context.fillStyle = colourOf(label);
    context.fillText(String(label), left + 4 * ratio, top + 18 * ratio);
    context.strokeStyle = colourOf(label);
    signals.forEach((signal, number) => {
      context.globalAlpha = number ? 0.35 : 1;
      context.lineWidth = (number ? 1 : 1.8) * ratio;
      context.beginPath();
      signal.forEach((value, step) =>
        context.lineTo(
          left + 22 * ratio + (step / (signal.length - 1)) * (width - 34 * ratio),
          top + height / 2 - (value / reach) * height * 0.48,
        ),
      );
      context.stroke();
    });
    context.globalAlpha = 1;
  });
}

const download = act(async () => {
  const rows = readNumber(find("count"));
  if (rows === null) return;
  const body = { ...readKnobs(), num_samples: rows };
  const response = await ask(PATH, { body, accept: "application/x-npz" });
  save(await response.blob(), "mnist1d.npz");
});

find("download").addEventListener("click", download);
find("reset").addEventListener("click", () => {
  for (const [name, { value }] of Object.entries(KNOBS)) {
    sliders[name].value = value;
    sliders[name].nextSibling.textContent = value;
  }
  generate();
});
find("knobs").addEventListener("submit", (event) => event.preventDefault());
