"""The losses of baselines on the shifted test sets of a release."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.baselines.registry import score_shifts
from eval.baselines.table import Fits, run_fits
from eval.comparison import summarise_seeds
from eval.jobs.calls import HERE, Runner
from eval.kept.figures import SeedSummary, Spread
from eval.score import Score
from ld_data.cli.table import format_table
from ld_data.errors import UnknownNameError
from ld_data.release.dataset import LatentDataset
from ld_data.storage.hashing import hash_array


@dataclass(frozen=True)
class ShiftRow:
    """One baseline on a release.

    Attributes:
        seeds: one if they do not matter.
        summaries: its scores on the test rows, "test", and on each shifted test set.
        losses: the skill on each shifted test set minus that of the same fit on the test rows.
    """

    name: str
    seeds: tuple[int, ...]
    summaries: dict[str, SeedSummary]
    losses: dict[str, Spread]


def measure_shifts(
    data: LatentDataset, names: Sequence[str], seeds: Sequence[int], runner: Runner = HERE
) -> Iterator[ShiftRow]:
    """Yield the row of each baseline, as `eval.baselines.table.measure_rows` does.

    Raises:
        UnknownNameError: if the release has no shifted test sets, or as `fit_baseline`.
    """
    if not data.shifts:
        raise UnknownNameError(
            f"{data.name} has no shifted test sets. Make some with `python -m ld_data shifts {data.name}`."
        )
    kind = Fits(
        score_shifts,
        lambda values: [Score(**own) for own in values],
        lambda scores: [score.to_json() for score in scores],
        {"shifts": {name: hash_array(data.shifted(name).test.x) for name in data.shifts}},
    )
    for name, used, fits in run_fits(kind, data, names, seeds, runner):
        summaries = dict(zip(("test", *data.shifts), map(summarise_seeds, zip(*fits, strict=True)), strict=True))
        losses = {
            shift: Spread.of([fit[number].skill - fit[0].skill for fit in fits])
            for number, shift in enumerate(data.shifts, 1)
        }
        yield ShiftRow(name, used, summaries, losses)


def describe_shift_rows(rows: Sequence[ShiftRow]) -> str:
    """Return the rows as a text table, the best on the test rows last: the skill there, and its changes."""
    ordered = sorted(rows, key=lambda row: -row.summaries["test"].noise_free_mse.mean)
    cells = [
        (row.name, f"{row.summaries['test'].skill:.3f}", *map("{:.3f}".format, row.losses.values())) for row in ordered
    ]
    table = format_table(("baseline", "skill", *rows[0].losses), cells, "l" + "r" * (1 + len(rows[0].losses)))
    seeds = max(len(row.seeds) for row in rows)
    spread = f"; +- is the standard deviation over {seeds} seeds" if seeds > 1 else ""
    return f"{table}\nskill on the test rows, and its change on each shifted test set{spread}"
