// Charts by Chart.js, in the colours of the page.

import { onSchemeChange, styleOf } from "./colours.js";

const shown = new Map();
let loading = null;

/** Load the library, once: the first part of the page needs none. */
function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: "static/vendor/chart.umd.min.js", onload: resolve, onerror: reject });
    document.head.append(script);
  });
  return loading;
}

/** Draw a chart on a canvas, in place of the one before; `make` returns its configuration. */
export async function drawChart(canvas, make) {
  await load();
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
