// The page: which release, and which part of the page is shown.

import { askJson, forgive, guard } from "./client.js";
import { find, make } from "./elements.js";
import * as datasets from "./datasets.js";
import * as explorer from "./explorer.js";
import * as generator from "./generator.js";
import * as leaderboard from "./leaderboard.js";
import * as map from "./map.js";

const PARTS = { explorer, map, datasets, leaderboard, generator };
const FIRST = "explorer";
const picker = find("release");
let releases = [];

const chosen = () => releases.find((release) => release.name === picker.value);
const openPart = () => (location.hash.slice(1) in PARTS ? location.hash.slice(1) : FIRST);

const show = guard(async () => {
  forgive();
  const name = openPart();
  for (const part of Object.keys(PARTS)) find(part).hidden = part !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${find(name).querySelector("h2").textContent} · LD-Data`;
  await PARTS[name].show(chosen(), releases);
});

const start = guard(async () => {
  const info = await askJson("info");
  find("version").textContent = info.version;
  releases = (await askJson("v1/datasets")).datasets;
  if (!releases.length)
    throw new Error(
      "There are no releases here yet. Build one with `python -m ld_data build mnist`, then start the service again.",
    );
  picker.replaceChildren(...releases.map(({ name }) => make("option", { value: name, textContent: name })));
  picker.addEventListener("change", show);
  window.addEventListener("hashchange", show);
  window.addEventListener("open-row", ({ detail }) => {
    explorer.openRow(detail);
    location.hash = "explorer";
  });
  await show();
});

start();
