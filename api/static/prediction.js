// A model at work: the y that a kept baseline predicts from x, and the class that y decodes to. The bars of a
// prediction are the shares of the class means in it: the best model answers their mean with the probabilities of the classes.

import { askBaselines, askJson, at, guard, newest, Refusal } from "./client.js";
import { find, make } from "./elements.js";
import { drawStrip } from "./pictures.js";

const [OWN, ROW] = ["the row itself", "row"];
const state = { release: null, models: [] };

/** Offer the kept models of a release. */
export async function setUpModels(release, still) {
  const { baselines, models } = await still(askBaselines(release));
  const skill = (name) => baselines.find((row) => row.name === name)?.skill.mean.toFixed(2) ?? "unknown";
  Object.assign(state, { release, models });
  const options = models.map((name) => make("option", { value: name, textContent: `${name}, skill ${skill(name)}` }));
  find("predictor").replaceChildren(...options, make("option", { value: "", textContent: OWN }));
  find("predictor-label").hidden = !models.length;
  find("predictor-absent").hidden = models.length > 0;
  find("predictor-absent").textContent =
    "No model that predicts y from x is kept for this release, so y is that of the row: `python -m eval " +
    `export-baselines ${release.name} --out checkpoints/baselines/${release.name}\` makes two.`;
}

/** Choose the model that the address names: "row" for the y of the row, the first model if it names none. */
export function chooseModel(name) {
  const { models, release } = state;
  const known = [...models, ROW];
  if (name !== undefined && !known.includes(name))
    throw new Refusal(`${release.name} has no model ${name} that predicts y. Choose one of: ${known.join(", ")}.`);
  find("predictor").value = name === ROW ? "" : (name ?? models[0] ?? "");
}

/** Return the name of the chosen model in an address; undefined for the first. */
export function namedModel() {
  const name = find("predictor").value;
  return name === (state.models[0] ?? "") ? undefined : name || ROW;
}

/** Return the name of the chosen model; "" for the y of the row. */
export const chosenModel = () => (state.models.length ? find("predictor").value : "");

/**
 * Show the y of `x` that the chosen model predicts, or else the given y, and the class that it decodes to; `label` is
 * that of the row, if x is a row's. `take` receives a predicted y.
 */
export const showY = newest(
  guard(async ({ release, x, y, label, isOwn }, take) => {
    const name = isOwn ? "" : chosenModel();
    const path = name ? `baselines/${name}/predict` : "y/decode";
    const answer = await askJson(at(release, path), { body: { vectors: [name ? x : y] } });
    if (release !== state.release) return;
    const [shares, best] = [(answer.shares ?? answer.probabilities)[0], answer.labels[0]];
    const shown = name ? answer.vectors[0] : y;
    take(shown);
    drawStrip(find("strip-x"), x);
    drawStrip(find("strip-y"), shown, name ? 1 : 2.5); // predictions are means, which are smaller
    find("shown-class").textContent = best;
    find("classes").replaceChildren(...shares.map((share, own) => makeClass(share, own, label)));
    const isWrong = Boolean(name) && label !== null && best !== label;
    find("classes-note").hidden = !name;
    find("verdict").className = `verdict${isWrong ? " missed" : ""}`;
    find("verdict").textContent = describe(name, isOwn, best, label);
  }),
);

function describe(name, isOwn, best, label) {
  if (isOwn) return `Your y decodes to ${best}.`;
  if (!name && label === null) return `y does not follow x here: it is the last row's, and decodes to ${best}.`;
  if (!name) return `The row's y decodes to ${best}.`;
  if (label === null) return `${name} reads this x as ${best}.`;
  const end = best === label ? ", which is right." : `; the row's class is ${label}.`;
  return `${name} reads this x as ${best}${end}`;
}

function makeClass(share, own, label) {
  const bar = make("span");
  bar.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
  return make(
    "li",
    own === label ? { className: "true", title: "the row's class" } : {},
    make("span", { textContent: own }),
    make("span", { className: "bar" }, bar),
    make("span", { textContent: share.toFixed(2).replace("-0.00", "0.00") }),
  );
}
