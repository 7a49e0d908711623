// The challenge track of a release: its open season, and the entries with the gap to their public rank.

import { address, askJson, at } from "./client.js";
import { find, make, makeHeading, write } from "./elements.js";

const DAY = 86_400_000; // milliseconds

/** Show the open season of a release that has one. */
export async function showChallenge(release, still) {
  find("challenge-part").hidden = !release.challenge;
  if (!release.challenge) return;
  const board = await still(askJson(at(release, "challenge/scores")));
  const days = Math.floor((Date.now() - Date.parse(board.opened_at)) / DAY);
  const since = days < 1 ? "today" : days === 1 ? "yesterday" : `${days} days ago`;
  find("challenge-about").textContent = [
    `Season ${board.season} has ${write(board.rows)} rows, drawn from a secret, and was opened ${since}; it is open until`,
    "the operator closes it and reveals the secret. The gap is the rank here less the public rank: a model that fitted the",
    "public test rows falls. Fetch its x, predict y, and submit:",
  ].join(" ");
  find("challenge-snippet").textContent = [
    `python -m eval challenge ${release.name} --out x.npy --from ${address("").replace(/\/$/, "")}`,
    `python -m eval submit ${release.name} predictions.npy --challenge --season ${board.season} --name "my model" --to ${address("").replace(/\/$/, "")}`,
  ].join("\n");
  const rows = board.scores.map((entry) => makeRow(entry.rank, entry));
  rows.push(...board.held.map((entry) => makeRow("held", entry)));
  rows.push(...board.suspects.map((entry) => makeRow("suspect", entry)));
  const heading = makeHeading("rank", "model", "skill", "public rank", "gap");
  const none = make("td", { colSpan: 5, className: "quiet", textContent: "No entries in this season yet." });
  const body = rows.length ? rows : [make("tr", {}, none)];
  find("challenge-scores").replaceChildren(heading, make("tbody", {}, ...body));
}

function makeRow(rank, { name, skill, public_rank: open, rank_gap: gap }) {
  const sign = gap > 0 ? "+" : "";
  const cells = [String(rank), name, skill === null ? "" : skill.toFixed(3), write(open), gap === null ? "" : sign + gap];
  return make("tr", {}, ...cells.map((textContent) => make("td", { textContent })));
}
