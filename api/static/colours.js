// The colours of the page, which follow the light or dark scheme of the reader.

// Ten that differ in lightness, too (after Paul Tol's muted and bright schemes); on dark they are lighter.
const LIGHT = "#332288 #117733 #cc6677 #1f9bb8 #882255 #8a8a00 #aa4499 #44aa99 #d55e00 #555555".split(" ");
const DARK = "#9d8cff #4fd07f #ff9fae #88ccee #e06aa0 #ddcc55 #dd88d8 #66ddc5 #ffa04d #bbbbbb".split(" ");
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Return the colour of a class. */
export const colourOf = (label) => (dark.matches ? DARK : LIGHT)[label % 10];

/** Return a colour of the style sheet. */
export const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const isDark = () => dark.matches;

export const onSchemeChange = (redraw) => dark.addEventListener("change", redraw);
