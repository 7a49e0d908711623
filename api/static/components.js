// The components of a release's test rows beside the normal curve.

import { askRows, at, guard } from "./client.js";
import { drawChart } from "./charts.js";
import { colourOf, styleOf } from "./colours.js";
import { find, make } from "./elements.js";
import { density } from "./vectors.js";

const BINS = 40;
const REACH = 4;
const WIDTH = (2 * REACH) / BINS;
const CENTRES = Array.from({ length: BINS }, (_, bin) => -REACH + (bin + 0.5) * WIDTH);
const LOWER = "the lower end"; // of the band, without an entry in the legend
const state = { x: [], y: [] };

export const showComponents = guard(async (release, still) => {
  const files = ["x", "y"].map((space) => askRows(at(release, `files/test_${space}.npy`)));
  [state.x, state.y] = await still(Promise.all(files));
  const components = ["all", ...Array(release.latent_dim).keys()];
  find("component").replaceChildren(...components.map((value) => make("option", { value, textContent: value })));
  find("components-part").hidden = false;
  drawDeviations();
});

/** Draw the density of x and of y in each bin less that of N(0, 1): the bells themselves would look alike. */
function drawDeviations() {
  const component = find("component").value;
  const take = (rows) => rows.flatMap((row) => (component === "all" ? [...row] : [row[Number(component)]]));
  const [x, y] = [take(state.x), take(state.y)];
  const place = (heights) => heights.map((height, bin) => ({ x: CENTRES[bin], y: height }));
  const noise = CENTRES.map((centre) => 2 * Math.sqrt(density(centre) / (x.length * WIDTH))); // of a binomial count
  const line = { type: "line", pointRadius: 0, stepped: "middle" };
  const band = { ...line, borderWidth: 0, backgroundColor: `${styleOf("--line")}90` };
  drawChart(find("histogram"), () => ({
    data: {
      datasets: [
        { ...line, label: "x", data: place(deviate(x)), borderColor: colourOf(3), borderWidth: 2 },
        { ...line, label: "y", data: place(deviate(y)), borderColor: colourOf(8), borderWidth: 1.5 },
        { ...band, label: "a true sample of N(0, 1), in 95 of 100 bins", data: place(noise), fill: "+1" },
        { ...band, label: LOWER, data: place(noise.map((height) => -height)) },
      ],
    },
    options: {
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { labels: { filter: ({ text }) => text !== LOWER } } },
      scales: {
        x: { type: "linear", min: -REACH, max: REACH, ticks: { stepSize: 1 }, grid: { display: false } },
        y: { title: { display: true, text: "density less that of N(0, 1)" } },
      },
    },
  }));
  const moments = `x: ${describe(x)}; y: ${describe(y)}`;
  find("histogram-figures").textContent = `${state.x.length} test rows. ${moments}.`;
}

/** Return the density of values in each bin less that of N(0, 1). */
function deviate(values) {
  const bins = CENTRES.map((centre) => -density(centre));
  for (const value of values) {
    const bin = Math.floor((value + REACH) / WIDTH);
    if (bin >= 0 && bin < BINS) bins[bin] += 1 / (values.length * WIDTH);
  }
  return bins;
}

function describe(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return `mean ${mean.toFixed(3)}, std ${Math.sqrt(variance).toFixed(3)}`;
}

find("component").addEventListener("change", drawDeviations);
