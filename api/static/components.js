// The components of a release's test rows beside the normal curve.

import { askRows, at, guard } from "./client.js";
import { drawChart } from "./charts.js";
import { colourOf, styleOf } from "./colours.js";
import { find, make } from "./elements.js";
import { density } from "./vectors.js";

const BINS = 64;
const REACH = 4;
const state = { x: [], y: [] };

export const showComponents = guard(async (release, still) => {
  const files = ["x", "y"].map((space) => askRows(at(release, `files/test_${space}.npy`)));
  [state.x, state.y] = await still(Promise.all(files));
  const components = ["all", ...Array(release.latent_dim).keys()];
  find("component").replaceChildren(...components.map((value) => make("option", { value, textContent: value })));
  find("components-part").hidden = false;
  drawHistogram();
});

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
  const place = (heights) => heights.map((height, bin) => ({ x: centres[bin], y: height }));
  drawChart(find("histogram"), () => ({
    data: {
      datasets: [
        {
          type: "line",
          label: "N(0, 1)",
          data: place(centres.map(density)),
          borderColor: styleOf("--ink"),
          borderWidth: 2,
          pointRadius: 0,
        },
        {
          type: "bar",
          label: "x",
          data: place(count(x)),
          backgroundColor: `${colourOf(3)}b0`,
          barPercentage: 1,
          categoryPercentage: 1,
          grouped: false,
        },
        {
          type: "line",
          label: "y",
          data: place(count(y)),
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
        x: { type: "linear", min: -REACH, max: REACH, ticks: { stepSize: 1 }, grid: { display: false } },
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

find("component").addEventListener("change", drawHistogram);
