// The studies: the question of each, and the verdicts on its claims by the kept trials.

import { askJson } from "./client.js";
import { find, make } from "./elements.js";

const MANUAL = "manual/";
const SECTIONS = {
  lottery: "lottery-tickets",
  activation: "activation-function",
  contrast: "contrastive-learning",
  textbook: "the-textbook",
}; // of the manual's page, where they are not the study's name
const WORDS = { holds: ["holds", "hold"], fails: ["fails", "fail"] };
export const isOfAll = true;

export async function show({ still }) {
  if (find("studies-list").childElementCount) return;
  const { studies } = await still(askJson("v1/studies"));
  find("studies-list").replaceChildren(...studies.map(makeStudy));
}

function makeStudy({ name, question, claims }) {
  const counts = describeCounts(claims);
  const boxes = claims.map(({ name: claim, verdict }) =>
    make("i", { className: verdict, title: `${verdict}: ${claim}` }),
  );
  const strip = make("div", { className: "steps-strip", role: "img", "aria-label": counts }, ...boxes);
  const summary = make("summary", { textContent: "The claims" });
  const title = make("h3", { textContent: question[0].toUpperCase() + question.slice(1) });
  const where = make("p", {}, make("code", { textContent: name }), " · ", makeLink(name));
  const list = make("ul", { className: "claims" }, ...claims.map(makeClaim));
  const said = make("p", { textContent: `${counts}.` });
  return make("article", { className: "study" }, title, where, strip, said, make("details", {}, summary, list));
}

/** Return the link to the section of the built manual, or the name of its source where it is not built. */
function makeLink(name) {
  const place = `#${SECTIONS[name] ?? name}`;
  if (!document.querySelector(`nav a[href="${MANUAL}"]`)) return make("code", { textContent: `docs/studies.md${place}` });
  return make("a", { href: `${MANUAL}studies.html${place}`, textContent: "tables and figures in the manual" });
}

function describeCounts(claims) {
  const counts = ["holds", "fails", "undecided", "not measured"].map((word) => {
    const count = claims.filter(({ verdict }) => verdict === word).length;
    return count && `${count} ${WORDS[word]?.[Number(count !== 1)] ?? word}`;
  });
  return `${claims.length} claims: ${counts.filter(Boolean).join(", ")}`;
}

function makeClaim({ name, verdict, measured, published, source }) {
  const before = published ? `published: ${published}` : "nothing published";
  return make(
    "li",
    {},
    make("strong", { textContent: `${verdict}: ` }),
    name,
    make("small", { textContent: `measured: ${measured.replace(/^not measured: /, "nothing for ")}` }),
    make("small", { textContent: source ? `${before} (${source})` : before }),
  );
}
