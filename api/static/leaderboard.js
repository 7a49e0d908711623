// The leaderboard of a release.

import { address, askJson, at } from "./client.js";
import { find, make, makeFacts, write } from "./elements.js";

const MOST = 1000; // entries, the most of one request
const GREAT = 1000; // larger figures are written with an exponent: those of bad scores would have dozens of digits
const percent = (value) => `${(100 * value).toFixed(1)} %`;
const COLUMNS = [
  { name: "rank", read: ({ rank }) => rank },
  { name: "model", read: ({ name }) => name.toLowerCase(), make: makeName },
  { name: "skill", read: ({ skill }) => skill, make: makeSkill, isScale: true, isFalling: true },
  { name: "noise-free MSE", read: (entry) => entry.noise_free_mse, make: (entry) => writeFigure(entry.noise_free_mse) },
  {
    name: "decoded accuracy",
    read: (entry) => entry.decoded_accuracy,
    make: (entry) => percent(entry.decoded_accuracy),
    isFalling: true,
  },
  { name: "MSE", read: ({ mse }) => mse, make: ({ mse }) => writeFigure(mse) },
  { name: "learning rule", read: (entry) => entry.learning_rule.toLowerCase(), make: (entry) => entry.learning_rule },
  { name: "parameters", read: ({ parameters }) => parameters ?? Infinity, make: ({ parameters }) => write(parameters) },
  {
    name: "submitted",
    read: (entry) => entry.submitted_at,
    make: (entry) => entry.submitted_at.slice(0, 10),
    isFalling: true,
    isWhole: true,
  },
  { name: "receipt", read: (entry) => entry.receipt_sha256, make: makeReceipt },
];

export async function show({ release, still }) {
  const { scores, suspects } = await still(askJson(at(release, `scores?limit=${MOST}`)));
  const entries = [
    ...scores.map((entry, index) => ({ ...entry, rank: index + 1 })),
    ...suspects.map((entry) => ({ ...entry, rank: Infinity })),
  ];
  const ends = [release.null, release.floor].map((end) => write(end));
  find("leaderboard-about").textContent = [
    `Skill is 0 for a model that always answers the mean of y (null, MSE ${ends[0]}), and 1 for one that knows the class (floor, MSE`,
    `${ends[1]}); the marks lie between these two. Models whose decoded accuracy is above what x allows are suspects,`,
    `without a rank.${scores.length < MOST ? "" : ` The best ${MOST} are shown.`}`,
  ].join(" ");
  find("no-scores").hidden = entries.length > 0;
  find("scores").hidden = !entries.length;
  find("submit-snippet").textContent = [
    "from eval import evaluate",
    `score = evaluate(model, "${release.name}")  # a function, anything with predict, or an array of predictions`,
    `evaluate(model, "${release.name}", submit_to="${address("").replace(/\/$/, "")}", name="my model")`,
  ].join("\n");
  sortBy(COLUMNS[0], entries, false);
}

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
      {},
      ...COLUMNS.map((shown) =>
        make("td", { className: shown.isWhole ? "whole" : "" }, shown.make ? shown.make(entry) : writeRank(entry)),
      ),
    ),
  );
  find("scores").replaceChildren(make("thead", {}, make("tr", {}, ...headings)), make("tbody", {}, ...rows));
}

const writeFigure = (value) => (Math.abs(value) < GREAT ? write(value) : value.toExponential(1));

const writeRank = ({ rank }) => (rank === Infinity ? "suspect" : String(rank));

function makeName({ name, url }) {
  const isLink = /^https?:\/\//.test(url);
  const properties = isLink ? { href: url, rel: "noopener noreferrer nofollow" } : {};
  return make(isLink ? "a" : "span", { ...properties, className: "name", textContent: name });
}

/** Return a figure and its place on the scale from null to floor; a figure beyond null stands at null. */
function makeSkill({ skill }) {
  const mark = make("span", { className: skill < 0 ? "cut" : "" });
  mark.style.left = `${100 * Math.min(1, Math.max(0, skill))}%`;
  return make(
    "div",
    {},
    make("span", { textContent: Math.abs(skill) < GREAT ? skill.toFixed(3) : writeFigure(skill) }),
    make("div", { className: "scale", "aria-hidden": "true" }, mark),
  );
}

function makeReceipt(entry) {
  const facts = {
    ...(entry.description ? { description: entry.description } : {}),
    receipt: entry.receipt_sha256,
    predictions: entry.predictions_sha256,
    "test set": entry.data_sha256,
    submitted: entry.submitted_at,
  };
  return make("details", {}, make("summary", { textContent: entry.receipt_sha256.slice(0, 8) }), makeFacts(facts));
}
