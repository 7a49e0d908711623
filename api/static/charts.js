// Charts by Chart.js, in the colours of the page.

const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");
const shown = new Map();

// Ten colours that differ in lightness, too (after Paul Tol's muted and bright schemes); on dark they are lighter.
const LIGHT = [
  "#332288",
  "#117733",
  "#cc6677",
  "#1f9bb8",
  "#882255",
  "#8a8a00",
  "#aa4499",
  "#44aa99",
  "#d55e00",
  "#555555",
];
const DARK = [
  "#9d8cff",
  "#4fd07f",
  "#ff9fae",
  "#88ccee",
  "#e06aa0",
  "#ddcc55",
  "#dd88d8",
  "#66ddc5",
  "#ffa04d",
  "#bbbbbb",
];

export const colourOf = (label) => (dark.matches ? DARK : LIGHT)[label % 10];

/** Draw a chart on a canvas, in place of the one before; `make` returns its configuration. */
export function drawChart(canvas, make) {
  shown.get(canvas)?.chart.destroy();
  Object.assign(Chart.defaults, {
    color: styleOf("--quiet"),
    borderColor: styleOf("--line"),
    maintainAspectRatio: false,
    animation: false,
  });
  const chart = new Chart(canvas, make());
  shown.set(canvas, { chart, make });
  return chart;
}

dark.addEventListener("change", () => {
  for (const [canvas, { make }] of shown) drawChart(canvas, make);
});

export { styleOf };
