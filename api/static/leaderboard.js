// The leaderboard of a release.

import { showChallenge } from "./challenge.js";
import { address, askBaselines, askJson, at } from "./client.js";
import { find, make, makeFacts, write } from "./elements.js";

const MOST = 1000; // entries, the most of one request
const GREAT = 1000; // larger figures are written with an exponent: those of bad scores would have dozens of digits
const UNKNOWN = { url: "", learning_rule: "", parameters: null, seconds: null, submitted_at: "", receipt_sha256: "" };
const COLUMNS = [
  { name: "rank", read: ({ place }) => place, make: writeRank, isRank: true },
  { name: "model", read: ({ name }) => name.toLowerCase(), make: makeName },
  { name: "skill", read: ({ skill }) => skill, make: makeSkill, isScale: true, isFalling: true },
  {
    name: "noise-free MSE",
    read: (entry) => entry.noise_free_mse,
    make: (entry) => writeWithHalf(entry, "noise_free_mse", writeFigure),
    isWhole: true,
  },
  {
    name: "decoded accuracy",
    read: (entry) => entry.decoded_accuracy,
    make: (entry) => writeWithHalf(entry, "decoded_accuracy", (share) => (100 * share).toFixed(1), " %"),
    isFalling: true,
    isWhole: true,
  },
  { name: "learning rule", read: (entry) => entry.learning_rule.toLowerCase(), make: (entry) => entry.learning_rule },
  { name: "parameters", read: ({ parameters }) => parameters ?? Infinity, make: ({ parameters }) => write(parameters) },
  { name: "seconds", read: ({ seconds }) => seconds ?? Infinity, make: ({ seconds }) => write(seconds, 3) },
  { name: "seeds", read: ({ seeds }) => seeds, make: ({ seeds }) => String(seeds), isFalling: true },
  { name: "receipt", read: (entry) => entry.submitted_at, make: makeReceipt, isFalling: true, isWhole: true },
];

export async function show({ release, still }) {
  const { scores, suspects, baselines } = await still(askJson(at(release, `scores?limit=${MOST}`)));
  const kept = await still(askBaselines(release));
  const rules = new Map(kept.baselines.map(({ name, rule }) => [name, rule]));
  const describe = (row) => ({ ...UNKNOWN, ...row, ...describeReference(row, rules), isReference: true });
  const references = baselines.map(describe);
  const firsts = new Set(scores.filter(({ rank }, index) => index > 0 && rank !== scores[index - 1].rank));
  const entries = [
    ...[...scores, ...references]
      .sort((a, b) => a.noise_free_mse - b.noise_free_mse)
      .map((entry, place) => ({ ...entry, place, isFirst: firsts.has(entry) })),
    ...suspects.map((entry) => ({ ...entry, place: Infinity })),
  ];
  const ends = [kept.null, kept.floor].map((end) => write(end));
  find("leaderboard-about").textContent = [
    `Skill lies between null (MSE ${ends[0]}) and floor (MSE ${ends[1]}), as the marks do. ± is half of the 95 % interval,`,
    "over test rows and, with several seeds, over seeds; the bars show it. Baselines have an interval over seeds alone. The",
    "learning rule, parameters and seconds are what the sender says; those of baselines were measured, and a baseline",
    "that is a rule has its name. Models whose",
    "decoded accuracy is above what x allows are suspects, without a rank. The date of a receipt opens it: it proves",
    `what was submitted, and when.${scores.length < MOST ? "" : ` The best ${MOST} are shown.`}`,
  ].join(" ");
  find("no-scores").hidden = scores.length + suspects.length > 0;
  find("scores").hidden = !entries.length;
  find("submit-snippet").textContent = writeSnippet(release);
  sortBy(COLUMNS[0], entries, false);
  await showChallenge(release, still);
}

/** Return the cost of a baseline, as far as it is kept; its learning rule is its name. */
function describeReference({ name }, rules) {
  const rule = rules.get(name);
  return rule ? { parameters: rule.parameters, seconds: rule.cpu_seconds } : {};
}

const writeSnippet = ({ name }) =>
  `import time
import ld_data
from eval import evaluate

data = ld_data.load("${name}")
began = time.perf_counter()
model = train(data.train.x, data.train.y)  # yours: a function of x, or anything with predict
evaluate(
    model, "${name}",
    submit_to="${address("").replace(/\/$/, "")}",
    name="my model", learning_rule="my rule", parameters=82_464,
    seconds=time.perf_counter() - began,
)`;

function sortBy(column, entries, isFalling) {
  const sorted = [...entries].sort((a, b) => {
    const [one, other] = [column.read(a), column.read(b)];
    return (one < other ? -1 : Number(one > other)) * (isFalling ? -1 : 1);
  });
  const headings = COLUMNS.map((other) => {
    const button = make("button", { type: "button", textContent: other.name });
    const isChosen = other === column;
    button.addEventListener("click", () => {
      sortBy(other, entries, isChosen ? !isFalling : Boolean(other.isFalling));
      find("scores").querySelector("[aria-sort] button").focus();
    });
    const ends = other.isScale
      ? [make("small", { className: "ends" }, make("span", {}, "null"), make("span", {}, "floor"))]
      : [];
    return make(
      "th",
      { scope: "col", ...(isChosen ? { "aria-sort": isFalling ? "descending" : "ascending" } : {}) },
      button,
      ...ends,
    );
  });
  const rows = sorted.map((entry) =>
    make(
      "tr",
      { className: nameRow(entry, column.isRank && !isFalling) },
      ...COLUMNS.map((shown) =>
        make("td", { className: shown.isWhole ? "whole" : "" }, shown.make(entry)),
      ),
    ),
  );
  find("scores").replaceChildren(make("thead", {}, make("tr", {}, ...headings)), make("tbody", {}, ...rows));
}

const writeFigure = (value, decimals = 4) =>
  Math.abs(value) < GREAT ? value.toFixed(decimals).replace(/^-(0\.0+)$/, "$1") : value.toExponential(1);

function writeRank({ rank, isReference, place }) {
  if (isReference) return "baseline";
  return place === Infinity ? "suspect" : write(rank);
}

/** Return the class of a row; where the ranks are in order, a line separates the first of a tie group. */
function nameRow({ isReference, isFirst }, isInOrder) {
  if (isReference) return "reference";
  return isInOrder && isFirst ? "first" : "";
}

/** Return a figure and half of its interval, as far as it is known. */
function writeWithHalf(entry, figure, writeIt, unit = "") {
  const ends = entry.intervals?.[figure];
  return `${writeIt(entry[figure])}${ends ? ` ± ${writeIt((ends[1] - ends[0]) / 2)}` : ""}${unit}`;
}

function makeName({ name, url }) {
  const isLink = /^https?:\/\//.test(url);
  const properties = isLink ? { href: url, rel: "noopener noreferrer nofollow" } : {};
  return make(isLink ? "a" : "span", { ...properties, className: "name", textContent: name });
}

/** Return a figure and its place and interval on the scale from null to floor; a figure beyond null stands at null. */
function makeSkill(entry) {
  const { skill, intervals } = entry;
  const place = (value) => 100 * Math.min(1, Math.max(0, value));
  const mark = make("span", { className: skill < 0 ? "cut" : "" });
  mark.style.left = `${place(skill)}%`;
  const scale = make("div", { className: "scale", "aria-hidden": "true" }, mark);
  if (intervals?.skill) {
    const [low, high] = intervals.skill.map(place);
    const range = make("div", { className: "range" });
    Object.assign(range.style, { left: `${low}%`, width: `${high - low}%` });
    scale.prepend(range);
  }
  const figure = writeWithHalf(entry, "skill", (value) => writeFigure(value, 3));
  return make("div", { className: "skill" }, make("span", { textContent: figure }), scale);
}

function makeReceipt(entry) {
  if (entry.isReference) return "";
  const button = make("button", { type: "button", className: "link", textContent: entry.submitted_at.slice(0, 10) });
  button.addEventListener("click", () => showReceipt(entry));
  return button;
}

function showReceipt(entry) {
  const facts = {
    ...(entry.description ? { description: entry.description } : {}),
    skill: writeWithHalf(entry, "skill", writeFigure),
    MSE: writeWithHalf(entry, "mse", writeFigure),
    receipt: entry.receipt_sha256,
    predictions: entry.predictions_sha256,
    "test set": entry.data_sha256,
    submitted: entry.submitted_at,
  };
  find("receipt-title").textContent = `Receipt of ${entry.name}`;
  const command = make("code", { textContent: "python -m eval verify-log log.jsonl" });
  const proof = make("p", {}, "The log of all receipts proves it: ", command);
  find("receipt-facts").replaceChildren(makeFacts(facts), proof);
  find("receipt").showModal();
}
