// The map of a release's rows, its components, and its health.

import { act, askJson, askRows, at, decode, guard, makeTurns, newest } from "./client.js";
import { drawChart } from "./charts.js";
import { colourOf, styleOf } from "./colours.js";
import { find, make, makeHeading, readNumber, write } from "./elements.js";
import { drawInput } from "./pictures.js";
import { density } from "./vectors.js";

const BINS = 60;
const REACH = 4;
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
  decoded: "what is decoded of test rows",
  kept: "what x keeps of its sources",
};
const state = { release: null, isWhole: false, openRow: null, row: null, x: [], y: [] };
const begin = makeTurns();

export async function show({ release, openRow }) {
  if (state.release === release && state.isWhole) return;
  const still = begin();
  Object.assign(state, { release, openRow, isWhole: false, row: null });
  find("map-part").hidden = find("components-part").hidden = find("health-part").hidden = true;
  const parts = [showMap, showComponents, showHealth].map((part) => part(release, still));
  state.isWhole = (await still(Promise.all(parts))).every(Boolean);
}

const showMap = guard(async (release, still) => {
  const { places, labels } = await still(askJson(at(release, "map")));
  find("map-part").hidden = false;
  drawMap(places, labels);
  find("map-row").max = places.length - 1;
  await choose(0);
});

const showComponents = guard(async (release, still) => {
  const files = ["x", "y"].map((space) => askRows(at(release, `files/test_${space}.npy`)));
  [state.x, state.y] = await still(Promise.all(files));
  const components = ["all", ...Array(release.latent_dim).keys()];
  find("component").replaceChildren(...components.map((value) => make("option", { value, textContent: value })));
  find("components-part").hidden = false;
  drawHistogram();
});

const showHealth = guard(async (release, still) => {
  const { manifest } = await still(askJson(at(release)));
  const heading = makeHeading("measure", "value", "N(0, I) on average", "N(0, I) at worst", "goal", "");
  const bodies = Object.entries(manifest.health).map(([group, measures]) =>
    make(
      "tbody",
      {},
      make("tr", {}, make("th", { colSpan: 6, scope: "rowgroup", textContent: GROUPS[group] ?? group })),
      ...Object.entries(measures).map(([name, measure]) => makeHealthRow(name, measure)),
    ),
  );
  find("health").replaceChildren(heading, ...bodies);
  find("health-part").hidden = false;
});

function drawMap(places, labels) {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const rowOf = ({ chart }, [{ datasetIndex, index }]) => chart.data.datasets[datasetIndex].data[index].row;
  drawChart(find("scatter"), () => ({
    type: "scatter",
    data: {
      datasets: classes.map((label) => ({
        label: String(label),
        data: places.flatMap(([x, y], row) => (labels[row] === label ? [{ x, y, row }] : [])),
        backgroundColor: colourOf(label),
        pointRadius: 2.5,
        pointHoverRadius: 7,
      })),
    },
    options: {
      interaction: { mode: "nearest", intersect: false },
      scales: { x: { display: false }, y: { display: false } },
      plugins: {
        tooltip: { callbacks: { label: ({ raw, dataset }) => `row ${raw.row}, a ${dataset.label}` } },
        legend: { labels: { usePointStyle: true, color: styleOf("--ink") } },
      },
      onHover: (event, points) => {
        if (points.length) choose(rowOf(event, points));
      },
      // a finger cannot point at a row without pressing it: the button opens the chosen row
      onClick: (event, points) => {
        if (points.length && event.native.pointerType !== "touch") state.openRow(rowOf(event, points));
      },
    },
  }));
}

/** Show the decoded input of a row. */
const choose = newest(
  guard(async (row) => {
    const { release } = state;
    if (row === state.row) return;
    const { x, label } = await askJson(at(release, `rows/${row}`));
    const [decoded] = await decode(release, [x]);
    if (release !== state.release) return;
    state.row = row;
    find("map-row").value = row;
    drawInput(find("map-picture"), decoded);
    find("map-caption").textContent = `row ${row}, a ${label}: decoded from its x`;
  }),
);

function drawHistogram() {
  const component = find("component").value;
  const take = (rows) => rows.flatMap((row) => (component === "all" ? [...row] : [row[Number(component)]]));
  const [x, y] = [take(state.x), take(state.y)];
  const width = (2 * REACH) / BINS;
  const centres = Array.from({ length: BINS }, (_, bin) => -REACH + (bin + 0.5) * width);
  const count = (values) => {
    const bins = Array(BINS).fill(0);
    for (const value of values) {
      const bin = Math.floor((value + REACH) / width);
      if (bin >= 0 && bin < BINS) bins[bin] += 1 / (values.length * width);
    }
    return bins;
  };
  drawChart(find("histogram"), () => ({
    data: {
      labels: centres.map((centre) => centre.toFixed(2)),
      datasets: [
        {
          type: "line",
          label: "N(0, 1)",
          data: centres.map(density),
          borderColor: styleOf("--ink"),
          borderWidth: 2,
          pointRadius: 0,
        },
        {
          type: "bar",
          label: "x",
          data: count(x),
          backgroundColor: `${colourOf(3)}b0`,
          barPercentage: 1,
          categoryPercentage: 1,
          grouped: false,
        },
        {
          type: "line",
          label: "y",
          data: count(y),
          borderColor: colourOf(8),
          borderWidth: 1.5,
          pointRadius: 0,
          stepped: "middle",
        },
      ],
    },
    options: {
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { ticks: { maxTicksLimit: 9 }, grid: { display: false } },
        y: { title: { display: true, text: "density" } },
      },
    },
  }));
  const moments = `x: ${describe(x)}; y: ${describe(y)}`;
  find("histogram-figures").textContent = `${state.x.length} test rows. ${moments}.`;
}

function describe(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return `mean ${mean.toFixed(3)}, std ${Math.sqrt(variance).toFixed(3)}`;
}

function makeHealthRow(name, { value, null_mean: mean, null_worst: worst, goal, missed }) {
  const verdict = goal ? (missed ? "missed" : "met") : "";
  return make(
    "tr",
    {},
    make("td", { textContent: name.replaceAll("_", " ") }),
    ...[value, mean, worst].map((number) => make("td", { textContent: write(number) })),
    make("td", { className: "whole", textContent: goal ? writeGoal(goal) : "" }),
    make("td", { textContent: verdict, className: verdict }),
  );
}

const writeGoal = ({ least, most }) =>
  [least === null ? [] : [`at least ${write(least)}`], most === null ? [] : [`at most ${write(most)}`]]
    .flat()
    .join(", ");

find("component").addEventListener("change", drawHistogram);
find("map-row").addEventListener(
  "change",
  act(async ({ target }) => {
    const row = readNumber(target);
    if (row !== null) await choose(row);
  }),
);
find("map-explore").addEventListener("click", () => {
  const row = readNumber(find("map-row"));
  if (row !== null) state.openRow(row);
});
