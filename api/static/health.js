// The health report of a release: a verdict, and all measures with a word about each.

import { askJson, at, guard } from "./client.js";
import { find, make, makeHeading, write } from "./elements.js";

const GROUPS = {
  x_train: "x of training rows",
  x_test: "x of test rows",
  y_train: "y of training rows",
  y_test: "y of test rows",
  x_train_test: "x, training beside test rows",
  y_train_test: "y, training beside test rows",
  xy_train: "x and y together, training rows",
  xy_test: "x and y together, test rows",
  probes: "class read off x",
  skill: "skill of baselines",
  decoded: "what is decoded of test rows",
  kept: "what x keeps of its sources",
};
const MEANINGS = {
  worst_mean: "the mean farthest from 0 of a component",
  least_std: "the smallest standard deviation of a component",
  greatest_std: "the greatest standard deviation of a component",
  least_eigenvalue: "of the covariance; 1 in every direction is ideal",
  greatest_eigenvalue: "of the covariance; 1 in every direction is ideal",
  worst_correlation: "the strongest between two components",
  worst_skew: "the farthest from 0 of a component",
  worst_kurtosis: "the excess farthest from 0 of a component",
  epps_pulley_mean: "distance of projections from N(0, 1), mean of 1,000 directions",
  epps_pulley_worst: "the same, the worst direction",
  wasserstein_mean: "distance of projections from N(0, 1), mean of 1,000 directions",
  wasserstein_worst: "the same, the worst direction",
  c2st_mlp: "accuracy of a perceptron that separates the two samples; 0.5 is chance",
  c2st_trees: "accuracy of boosted trees that separate the two samples; 0.5 is chance",
  least_signal: "share of the weakest direction that comes from the input",
  used_directions: "directions of which more than half comes from the input",
  rate: "information about the input in x, in nats",
  decoded_accuracy: "share of y that decode to their class",
  repeated_rows: "rows that stand in both sets",
  linear_probe: "accuracy of a linear classifier on x",
  mlp_probe: "accuracy of a perceptron on x",
  mse_samples: "squared error of what drawn x decode to",
  mse_means: "squared error of what mean x decode to",
  judge_originals: "accuracy of a classifier on the inputs",
  judge_samples: "its accuracy on what drawn x decode to",
  judge_means: "its accuracy on what mean x decode to",
  judge_loss_samples: "its accuracy on the inputs less that on drawn x",
  judge_loss_means: "its accuracy on the inputs less that on mean x",
  ridge: "skill of ridge regression",
  mlp: "skill of the perceptron",
  residual: "skill of the residual network",
};

export const showHealth = guard(async (release, still) => {
  const { manifest } = await still(askJson(at(release)));
  const heading = makeHeading("measure", "value", "N(0, I) on average", "N(0, I) at worst", "goal", "");
  const bodies = Object.entries(manifest.health).map(([group, measures]) =>
    make(
      "tbody",
      {},
      make("tr", {}, make("th", { colSpan: 6, scope: "rowgroup", textContent: GROUPS[group] ?? group })),
      ...Object.entries(measures).map(([name, measure]) => makeRow(name, measure)),
    ),
  );
  find("health").replaceChildren(heading, ...bodies);
  find("health-verdict").replaceChildren(...judge(manifest.health));
  find("health-part").hidden = false;
});

/** Return the verdict as a sentence, and the missed goals. */
function judge(health) {
  const measures = Object.entries(health).flatMap(([group, own]) =>
    Object.entries(own).map(([name, measure]) => ({ group, name, ...measure })),
  );
  const goals = measures.filter(({ goal }) => goal);
  const missed = goals.filter((measure) => measure.missed);
  const rest = missed.length ? `, ${missed.length} missed as allowed` : "";
  const sentence = `${goals.length - missed.length} of ${goals.length} goals met${rest}.`;
  const items = missed.map(({ group, name, value, goal }) =>
    make("li", {
      textContent: `${GROUPS[group] ?? group}: ${name.replaceAll("_", " ")} ${write(value)}, goal ${writeGoal(goal)}`,
    }),
  );
  return [make("strong", { textContent: sentence }), make("ul", {}, ...items)];
}

function makeRow(name, { value, null_mean: mean, null_worst: worst, goal, missed }) {
  const verdict = goal ? (missed ? "missed" : "met") : "";
  const title = make("td", {}, name.replaceAll("_", " "), make("small", { textContent: MEANINGS[name] ?? "" }));
  return make(
    "tr",
    {},
    title,
    ...[value, mean, worst].map((number) => make("td", { textContent: write(number) })),
    make("td", { className: "whole", textContent: goal ? writeGoal(goal) : "" }),
    make("td", { textContent: verdict, className: verdict }),
  );
}

const writeGoal = ({ least, most }) =>
  [least === null ? [] : [`at least ${write(least)}`], most === null ? [] : [`at most ${write(most)}`]]
    .flat()
    .join(", ");
