// The page: the chosen release, and the shown part of the page.

import * as address from "./address.js";
import * as benchmark from "./benchmark.js";
import { askJson, forgive, guard, makeTurns, Refusal } from "./client.js";
import * as datasets from "./datasets.js";
import { find, make } from "./elements.js";
import * as explorer from "./explorer.js";
import * as generator from "./generator.js";
import * as leaderboard from "./leaderboard.js";
import * as map from "./map.js";
import * as studies from "./studies.js";

const PARTS = { benchmark, explorer, map, datasets, leaderboard, generator, studies };
const FIRST = "benchmark";
const picker = find("release");
const begin = makeTurns();
const seen = {}; // the values of each part when it was shown last
let releases = [];

const openPart = () => (Object.hasOwn(PARTS, address.read().part) ? address.read().part : FIRST);

const show = guard(async () => {
  const still = begin();
  forgive();
  const name = openPart();
  for (const part of Object.keys(PARTS)) find(part).hidden = part !== name;
  find("picker").hidden = Boolean(PARTS[name].isOfAll);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash.split("?")[0] === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${find(name).querySelector("h2").textContent} · LD-Data`;
  if (!releases.length) await still(loadReleases());
  const { values } = address.read();
  const release = releases.find((one) => one.name === (values.release ?? picker.value));
  if (!release) throw new Refusal(`There is no release ${values.release} here. Choose one of the list above.`);
  picker.value = release.name;
  linkParts(release);
  await PARTS[name].show({ release, releases, still, values, openRow, choose });
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

/** Let all links to parts lead to this release, and back to what a part showed of it. */
function linkParts({ name }) {
  for (const link of document.querySelectorAll("nav a[href^='#'], a[data-part], h1 a[href^='#']")) {
    const part = link.hash.slice(1).split("?")[0];
    const values = seen[part]?.release === name ? seen[part] : { release: name };
    link.setAttribute("href", address.format(part, values));
  }
}

/** Show a test row in the explorer. */
function openRow(row) {
  location.hash = address.format("explorer", { release: picker.value, row });
}

/** Show another release in the same part. */
function choose(name) {
  location.hash = address.format(openPart(), { release: name });
}

picker.addEventListener("change", () => choose(picker.value));
document.querySelector("nav").addEventListener("pointerdown", remember);
document.querySelector("nav").addEventListener("focusin", remember);
function remember() {
  const { part, values } = address.read();
  seen[part] = { ...values, release: picker.value };
  const release = releases.find(({ name }) => name === picker.value);
  if (release) linkParts(release);
}
let shownPart = openPart();
window.addEventListener("hashchange", () => {
  if (openPart() !== shownPart) scrollTo(0, 0);
  shownPart = openPart();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close(); // it would bar the next part
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
