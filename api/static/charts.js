// Charts by Chart.js, in the colours of the page.

import { onSchemeChange, styleOf } from "./colours.js";

const shown = new Map();

/** Draw a chart on a canvas, in place of the one before; `make` returns its configuration. */
export function drawChart(canvas, make) {
  shown.get(canvas)?.chart.destroy();
  Object.assign(Chart.defaults, {
    color: styleOf("--quiet"),
    borderColor: styleOf("--line"),
    maintainAspectRatio: false,
    animation: false,
  });
  shown.set(canvas, { chart: new Chart(canvas, make()), make });
}

onSchemeChange(() => {
  for (const [canvas, { make }] of shown) drawChart(canvas, make);
});
