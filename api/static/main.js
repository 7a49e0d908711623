// The page: the chosen release, and the shown part of the page.

import { askJson, forgive, guard, makeTurns, Refusal } from "./client.js";
import { find, make } from "./elements.js";
import * as datasets from "./datasets.js";
import * as explorer from "./explorer.js";
import * as generator from "./generator.js";
import * as leaderboard from "./leaderboard.js";
import * as map from "./map.js";

const PARTS = { explorer, map, datasets, leaderboard, generator };
const FIRST = "explorer";
const picker = find("release");
const begin = makeTurns();
let releases = [];

const openPart = () => (Object.hasOwn(PARTS, location.hash.slice(1)) ? location.hash.slice(1) : FIRST);

const show = guard(async () => {
  const still = begin();
  forgive();
  const name = openPart();
  for (const part of Object.keys(PARTS)) find(part).hidden = part !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${find(name).querySelector("h2").textContent} · LD-Data`;
  if (!releases.length) await still(loadReleases());
  const release = releases.find((one) => one.name === picker.value);
  await PARTS[name].show({ release, releases, still, openRow });
});

async function loadReleases() {
  const { datasets: found } = await askJson("v1/datasets");
  if (!found.length)
    throw new Refusal(
      "There are no releases here yet. Build one with `python -m ld_data build mnist`, then serve again.",
    );
  picker.replaceChildren(...found.map(({ name }) => make("option", { value: name, textContent: name })));
  releases = found;
}

/** Show a test row in the explorer. */
function openRow(row) {
  explorer.wantRow(row);
  location.hash = FIRST;
}

picker.addEventListener("change", show);
window.addEventListener("hashchange", () => {
  scrollTo(0, 0);
  show();
});
find("skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("main").focus();
});
show();
guard(async () => {
  find("version").textContent = (await askJson("info")).version;
})();
