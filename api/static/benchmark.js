// The first part: learning rules on the scale of skill, from null to floor, and what each lacks on the ladder.

import { askBaselines } from "./client.js";
import { find, make, write } from "./elements.js";

const REFERENCES = ["linear", "mlp", "residual"]; // baselines that are no learning rules, in grey
const TRANSPORT = {
  values: "the values of the forward weights travel back",
  signs: "the signs of the forward weights travel back",
  none: "no forward weights travel back",
};
const FEEDBACK = {
  vector: "each hidden layer gets a vector for each row",
  sign: "each hidden layer gets signs for each row",
  scalar: "one number for each row reaches all layers",
  none: "hidden layers get no feedback",
};

export async function show({ release, still }) {
  const { baselines, null: most, floor } = await still(askBaselines(release));
  const shown = baselines.filter(({ name, rule }) => rule || REFERENCES.includes(name));
  shown.sort((a, b) => b.skill.mean - a.skill.mean);
  const isLadder = shown.some(({ ladder }) => ladder);
  find("skills").classList.toggle("without-ladder", !isLadder);
  find("skills").replaceChildren(makeHead(most, floor), ...shown.flatMap((row) => makeRow(row, isLadder)));
  find("skills-caption").textContent = caption(release, shown, isLadder);
  find("skills-absent").hidden = shown.length > 0;
  find("skills-absent").textContent =
    `No baselines of ${release.name} are kept here. ` +
    `\`python -m eval rules ${release.name}\` measures the learning rules.`;
}

function caption(release, shown, isLadder) {
  const rows = shown.find(({ ladder }) => ladder)?.ladder.rows;
  return [
    `Mean skill on the test rows of ${release.name}; the bar behind a dot is one standard deviation over seeds.`,
    "Grey: baselines that are no learning rules. Ring: reads the class of y in training, so that it does not compare.",
    isLadder
      ? `The ladder asks for one ability after another, from copying x to finding the class behind twists of x, after ` +
        `${write(rows)} training rows: ■ learned, ◧ partly, □ not.`
      : "No climbs of the ladder are kept for this release.",
    `Press a name for what the rule needs${isLadder ? ", costs and lacks" : " and costs"}.`,
  ].join(" ");
}

function makeHead(most, floor) {
  const ends = make(
    "span",
    { role: "columnheader", className: "axis" },
    make("span", {}, make("b", {}, "0 null"), make("small", {}, `MSE ${write(most)}`)),
    make("span", {}, make("b", {}, "1 floor"), make("small", {}, `MSE ${write(floor)}`)),
  );
  const names = ["rule", ends, "skill", "ladder", "lacks first"];
  const cells = names.map((name) =>
    typeof name === "string" ? make("span", { role: "columnheader", textContent: name }) : name,
  );
  return make("div", { role: "row", className: "skill-row head" }, ...cells);
}

function makeRow(row, isLadder) {
  const { name, aided, rule, skill, ladder } = row;
  const details = make("div", { role: "row", className: "needs", hidden: true });
  details.append(make("span", { role: "cell", textContent: describeNeeds(row) }));
  const button = rule
    ? make("button", { type: "button", className: "link", "aria-expanded": "false", textContent: name })
    : make("span", { textContent: name });
  button.addEventListener("click", () => {
    details.hidden = !details.hidden;
    button.setAttribute("aria-expanded", !details.hidden);
  });
  const cells = [button, makeScale(skill, aided), writeSkill(skill.mean)];
  if (isLadder) cells.push(...(ladder ? [makeSteps(ladder.steps), lacking(ladder.steps)] : ["", ""]));
  const line = make(
    "div",
    { role: "row", className: `skill-row${rule ? "" : " reference"}` },
    ...cells.map((cell, column) => make("span", { role: column ? "cell" : "rowheader" }, cell)),
  );
  return rule ? [line, details] : [line];
}

const writeSkill = (skill) =>
  Math.abs(skill) < 100 ? skill.toFixed(3).replace("-0.000", "0.000") : skill.toExponential(0);

function makeScale({ mean, std }, aided) {
  const place = (value) => `${100 * Math.min(1, Math.max(0, value))}%`;
  const dot = make("i", { className: `dot${aided ? " ring" : ""}${mean < 0 ? " below" : ""}` });
  const line = make("i", { className: "stem" });
  const spread = make("i", { className: "spread" });
  line.style.width = dot.style.left = place(mean);
  spread.style.left = place(mean - (std ?? 0));
  spread.style.right = `calc(100% - ${place(mean + (std ?? 0))})`;
  return make("span", { className: "track", "aria-hidden": "true" }, line, spread, dot);
}

function makeSteps(steps) {
  const boxes = steps.map(({ ability, skill, word }) =>
    make("i", { className: word, title: `${ability}: ${word}, skill ${skill.toFixed(2)}` }),
  );
  return make("span", { className: "steps-strip", role: "img", "aria-label": countLearned(steps) }, ...boxes);
}

function countLearned(steps) {
  const learned = steps.filter(({ word }) => word === "learned").length;
  return `${learned} of ${steps.length} abilities learned`;
}

function lacking(steps) {
  const first = steps.find(({ word }) => word !== "learned");
  return first ? first.ability : "none of them";
}

function describeNeeds({ aided, rule, ladder }) {
  if (!rule) return "";
  const costs = [
    rule.macs_per_row && `${write(Math.round(rule.macs_per_row))} multiply-accumulates for a row`,
    rule.cpu_seconds && `${write(rule.cpu_seconds, 3)} s of processor time for a training`,
    rule.parameters && `${write(rule.parameters)} parameters`,
  ].filter(Boolean);
  const needs = [TRANSPORT[rule.weight_transport], FEEDBACK[rule.feedback]];
  if (aided) needs.push("training reads the class of y by its decoder");
  const parts = [`Needs: ${needs.join("; ")}.`, costs.length ? `Cost: ${costs.join(", ")}.` : ""];
  if (ladder) parts.push(`Ladder: ${countLearned(ladder.steps)}; lacks first: ${lacking(ladder.steps)}.`);
  return parts.join(" ");
}
