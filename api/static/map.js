// The map of a release's rows, its components, and its health.

import { askJson, askRows, at, decode, guard, newest } from "./client.js";
import { colourOf, drawChart, styleOf } from "./charts.js";
import { find, make, write } from "./elements.js";
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
const state = { release: null, isWhole: false, places: [], labels: [], x: [], y: [] };

export async function show(release) {
  if (state.release === release && state.isWhole) return;
  state.release = release;
  const parts = await Promise.all([showMap(release), showComponents(release), showHealth(release)]);
  state.isWhole = parts.every(Boolean);
}

const showMap = guard(async (release) => {
  find("map-part").hidden = true;
  const { places, labels } = await askJson(at(release, "map"));
  if (release !== state.release) return;
  Object.assign(state, { places, labels });
  find("map-part").hidden = false;
  drawMap();
  find("map-row").max = places.length - 1;
  await choose(0);
});

const showComponents = guard(async (release) => {
  find("component").disabled = true;
  const [x, y] = await Promise.all(["x", "y"].map((space) => askRows(at(release, `files/test_${space}.npy`))));
  if (release !== state.release) return;
  Object.assign(state, { x, y });
  const components = ["all", ...Array(release.latent_dim).keys()];
  find("component").replaceChildren(...components.map((value) => make("option", { value, textContent: value })));
  find("component").disabled = false;
  drawHistogram();
});

function drawMap() {
  const classes = [...new Set(state.labels)].sort((a, b) => a - b);
  const chart = drawChart(find("scatter"), () => ({
    type: "scatter",
    data: {
      datasets: classes.map((label) => ({
        label: String(label),
        data: state.places.flatMap(([x, y], row) => (state.labels[row] === label ? [{ x, y, row }] : [])),
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
      onHover: (_, points) => {
        if (points.length) choose(rowOf(chart, points[0]));
      },
      onClick: (_, points) => {
        if (points.length) openRow(rowOf(chart, points[0]));
      },
    },
  }));
}

const rowOf = (chart, { datasetIndex, index }) => chart.data.datasets[datasetIndex].data[index].row;
const openRow = (row) => window.dispatchEvent(new CustomEvent("open-row", { detail: row }));

const choose = newest(
  guard(async (row) => {
    const { release } = state;
    if (find("map-caption").dataset.row === `${release.name} ${row}`) return;
    find("map-caption").dataset.row = `${release.name} ${row}`;
    find("map-row").value = row;
    const { x, label } = await askJson(at(release, `rows/${row}`));
    const [decoded] = await decode(release, [x]);
    drawInput(find("map-picture"), decoded);
    find("map-caption").textContent = `row ${row}, a ${label}: decoded from its x`;
  }),
);

function drawHistogram() {
  const component = find("component").value;
  const take = (rows) =>
    component === "all" ? rows.flatMap((row) => [...row]) : rows.map((row) => row[Number(component)]);
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
  const words = [
    ["x", x],
    ["y", y],
  ].map(([name, values]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return `${name}: mean ${mean.toFixed(3)}, std ${Math.sqrt(variance).toFixed(3)}`;
  });
  find("histogram-figures").textContent = `${state.x.length} test rows. ${words.join("; ")}.`;
}

const showHealth = guard(async (release) => {
  const { health } = (await askJson(`v1/datasets/${encodeURIComponent(release.name)}`)).manifest;
  if (release !== state.release) return;
  const heading = make(
    "thead",
    {},
    make(
      "tr",
      {},
      ...["measure", "value", "N(0, I) on average", "N(0, I) at worst", "goal", ""].map((textContent) =>
        make("th", { scope: "col", textContent }),
      ),
    ),
  );
  const bodies = Object.entries(health).map(([group, measures]) =>
    make(
      "tbody",
      {},
      make("tr", {}, make("th", { colSpan: 6, scope: "rowgroup", textContent: GROUPS[group] ?? group })),
      ...Object.entries(measures).map(([name, measure]) => makeHealthRow(name, measure)),
    ),
  );
  find("health").replaceChildren(heading, ...bodies);
});

function makeHealthRow(name, { value, null_mean: mean, null_worst: worst, goal, missed }) {
  const words = goal
    ? [
        goal.least === null ? "" : `at least ${write(goal.least)}`,
        goal.most === null ? "" : `at most ${write(goal.most)}`,
      ]
        .filter(Boolean)
        .join(", ")
    : "";
  const verdict = make("td", {
    textContent: goal ? (missed ? "missed" : "met") : "",
    className: goal ? (missed ? "missed" : "met") : "",
  });
  return make(
    "tr",
    {},
    make("td", { textContent: name.replaceAll("_", " ") }),
    ...[value, mean, worst].map((number) => make("td", { textContent: write(number) })),
    make("td", { textContent: words }),
    verdict,
  );
}

find("component").addEventListener("change", drawHistogram);
find("map-row").addEventListener("change", ({ target }) => {
  if (target.reportValidity()) choose(Number(target.value));
});
find("map-explore").addEventListener("click", () => openRow(Number(find("map-row").value)));
