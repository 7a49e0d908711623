"""The tables that commands print."""

from collections.abc import Iterable, Sequence

from tabulate import tabulate

ALIGNMENTS = {"l": "left", "r": "right"}


def format_table(headers: Sequence[str], rows: Iterable[Sequence[object]], alignment: str) -> str:
    """Return a table as plain text.

    Args:
        headers: one for each column; none for a table without them.
        rows: the cells, printed as they are.
        alignment: `l` (left) or `r` (right) for each column.
    """
    return tabulate(
        rows, headers, tablefmt="plain", disable_numparse=True, colalign=[ALIGNMENTS[letter] for letter in alignment]
    )
