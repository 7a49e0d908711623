"""The tables that commands print."""

from collections.abc import Iterable, Sequence

from tabulate import tabulate


def format_table(headers: Sequence[str], rows: Iterable[Sequence[object]], alignment: str) -> str:
    """Return a table as plain text; `alignment` has `l` (left) or `r` (right) for each column."""
    sides = ["left" if letter == "l" else "right" for letter in alignment]
    return tabulate(rows, headers, tablefmt="plain", disable_numparse=True, colalign=sides)
