"""The colours of all figures of the benchmark, those of the web page."""

INK, QUIET = "#1b1f24", "#57606a"
COLOURS = ("#0b5cad", "#9a2a1f", "#1a6b35", "#8a5a00", "#6b3fa0", "#0f7b7b", "#b0447c", "#57606a", "#1b1f24")
BLUE, RED, GREEN, AMBER = COLOURS[:4]
