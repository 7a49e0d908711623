// The map of a release's test rows, by their x or by the y that a model predicts.

import { note } from "./address.js";
import { act, askBaselines, askJson, at, askRows, decode, guard, makeTurns, newest } from "./client.js";
import { drawChart } from "./charts.js";
import { colourOf, styleOf } from "./colours.js";
import { showComponents } from "./components.js";
import { find, readNumber } from "./elements.js";
import { showHealth } from "./health.js";
import { drawInput } from "./pictures.js";

const ABOUT = {
  x:
    "Test rows by their x, coloured by class. As x is N(0, I), it has no clusters of its own: the map shows the " +
    "directions of x that separate the classes best.",
  y:
    "Each class has a corner. A row lies the nearer to it, the more of that class is in the y that the model predicts; " +
    "rows between corners are those that it is unsure about.",
};
const CORNER = 1.16; // of a class's name; the corners lie at 1
const state = { release: null, isWhole: false, openRow: null, row: null, places: [], labels: [], model: "" };
const begin = makeTurns();

export async function show({ release, values, openRow }) {
  const row = Number(values.row ?? 0);
  if (state.release === release && state.isWhole) {
    await choose(row);
    return;
  }
  const still = begin();
  Object.assign(state, { release, openRow, isWhole: false, row: null });
  const view = release.input_shape.length === 1 ? "y" : "x"; // no direction of a signal's x shows its class
  document.querySelector(`input[name=view][value=${view}]`).checked = true;
  find("map-part").hidden = find("components-part").hidden = find("health-part").hidden = true;
  const parts = [showMap(release, still, row), showComponents(release, still), showHealth(release, still)];
  state.isWhole = (await still(Promise.all(parts))).every(Boolean);
}

const showMap = guard(async (release, still, row) => {
  const { places, labels } = await still(askJson(at(release, "map")));
  const { models } = await still(askBaselines(release));
  Object.assign(state, { places, labels, model: models[0] });
  find("views").hidden = !models.length;
  find("view-model").textContent = models[0] ?? "a model";
  find("map-part").hidden = false;
  find("map-row").max = places.length - 1;
  await drawView(release, still);
  await choose(Math.min(row, places.length - 1));
});

/** Draw the map that the reader chose: by x, or by the y that the best kept model predicts. */
async function drawView(release, still) {
  const view = state.model ? document.querySelector("input[name=view]:checked").value : "x";
  find("map-about").textContent = ABOUT[view];
  if (view === "x") return drawMap(state.places, state.labels, []);
  const x = (await still(askRows(at(release, "files/test_x.npy")))).slice(0, state.labels.length);
  const body = { vectors: x.map((row) => Array.from(row, (value) => Number(value.toFixed(4)))) };
  const { shares } = await still(askJson(at(release, `baselines/${state.model}/predict`), { body }));
  const corners = shares[0].map((_, label) => {
    const angle = (2 * Math.PI * label) / shares[0].length;
    return [Math.sin(angle), Math.cos(angle)];
  });
  return drawMap(
    shares.map((own) => mix(own, corners)),
    state.labels,
    corners,
  );
}

/** Return the mean of the corners with these shares, those below 0 left out. */
function mix(shares, corners) {
  const kept = shares.map((share) => Math.max(0, share));
  const all = kept.reduce((sum, share) => sum + share, 0);
  return [0, 1].map((axis) => kept.reduce((sum, share, label) => sum + (share / all) * corners[label][axis], 0));
}

/** Return a plugin of the chart that writes the names of classes at their corners. */
const nameCorners = (corners) => ({
  id: "corners",
  afterDraw({ ctx, scales: { x, y } }) {
    Object.assign(ctx, { fillStyle: styleOf("--ink"), font: "600 14px system-ui" });
    Object.assign(ctx, { textAlign: "center", textBaseline: "middle" });
    corners.forEach(([across, up], label) =>
      ctx.fillText(String(label), x.getPixelForValue(across * CORNER), y.getPixelForValue(up * CORNER)),
    );
  },
});

function drawMap(places, labels, corners) {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const rowOf = ({ chart }, [{ datasetIndex, index }]) => chart.data.datasets[datasetIndex].data[index].row;
  const reach = CORNER + 0.1;
  const axis = { display: false, ...(corners.length ? { min: -reach, max: reach } : {}) };
  return drawChart(find("scatter"), () => ({
    type: "scatter",
    plugins: [nameCorners(corners)],
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
      scales: { x: axis, y: axis },
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
    note({ row });
    drawInput(find("map-picture"), decoded);
    find("map-caption").textContent = `row ${row}, a ${label}: decoded from its x`;
  }),
);

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
for (const view of document.querySelectorAll("input[name=view]"))
  view.addEventListener(
    "change",
    act(() => drawView(state.release, begin())),
  );
