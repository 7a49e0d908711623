"""The tables that commands print."""

from collections.abc import Iterable, Sequence


def format_table(headers: Sequence[str], rows: Iterable[Sequence[object]], alignment: str) -> str:
    """Return a table as plain text; `alignment` has `l` (left) or `r` (right) for each column."""
    from tabulate import tabulate  # late: 30 ms that scoring should not pay

    sides = ["left" if letter == "l" else "right" for letter in alignment]
    return tabulate(rows, headers, tablefmt="plain", disable_numparse=True, colalign=sides)
