"""Scores of a learning rule over several seeds, and over numbers of training rows."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from eval.comparison import summarise_seeds
from eval.evaluation import find_address, load_dataset, prepare_submission
from eval.kept.figures import LABELS, SeedSummary
from eval.ladder import Fit, run_fit
from eval.predictions import BATCH_ROWS, Predictions, check_seed_count, predict
from eval.score import describe_entry, score_predictions
from ld_data.checks import check_integer
from ld_data.cli.table import format_table
from ld_data.errors import InputError
from ld_data.progress import show_progress
from ld_data.release.dataset import LatentDataset, subset

ROWS = (300, 1_000, 3_000, 10_000, 30_000)  # of a curve by default, as far as there are so many, and then all
MAX_SEEDS = 1_000


@dataclass(frozen=True)
class LearningCurve:
    """The scores of one rule after training on the first `rows[i]` training rows: `summaries[i]`, over the seeds."""

    release: str
    data_sha256: str
    seeds: tuple[int, ...]
    rows: tuple[int, ...]
    summaries: tuple[SeedSummary, ...]

    def __str__(self) -> str:
        """Return a small table."""
        names = ("skill", "noise_free_mse", "decoded_accuracy", "mse")
        lines = [
            (f"{rows:,}", *(f"{getattr(summary, name):.4f}" for name in names))
            for rows, summary in zip(self.rows, self.summaries, strict=True)
        ]
        table = format_table(("training rows", *map(LABELS.__getitem__, names)), lines, "rrrrr")
        count = len(self.seeds)
        spread = f"{count} seeds: mean +- standard deviation" if count > 1 else f"seed {self.seeds[0]}"
        return f"{self.release}, {spread}\n{table}"

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class SubmittedSeeds(SeedSummary):
    """The scores of one model trained from `n` seeds, and the answer of the leaderboard to them, as in `Score`."""

    entry: dict[str, Any]

    def __str__(self) -> str:
        """Return a small table."""
        return f"{super().__str__()}\n  {'leaderboard':<18}{describe_entry(self.entry)}"


class Facts(TypedDict, total=False):
    """The facts that a leaderboard shows: `eval.leaderboard.submission.Submission`."""

    name: str
    url: str
    description: str
    learning_rule: str
    parameters: int
    seconds: float


def evaluate_seeds(
    fit: Fit,
    release: str | Path | LatentDataset,
    *,
    seeds: int | Sequence[int] = 3,
    batch_rows: int = BATCH_ROWS,
    submit_to: str | bool | None = None,
    **facts: Unpack[Facts],
) -> SeedSummary:
    """Return mean and standard deviation of the scores of a rule that was trained from several seeds.

    `fit(x_train, y_train, seed)` is as for `eval.ladder.climb`: it gets its own copies `(n, d)` float32, and returns a
    model as `evaluate` takes it. `seeds` is their number, from 0 on, or the seeds themselves. With `submit_to`, as for
    `evaluate`, the predictions of 3 to 10 seeds go to a leaderboard as one entry, with the facts that `evaluate` takes;
    then a `SubmittedSeeds` comes back, with the `entry`.

    Raises:
        InputError: if there are no seeds, or for a submission not 3 to 10, or `fit` returns no model; or as `evaluate`.
        UnknownNameError: if the release does not exist.
        SubmissionError: if the service does not take the predictions; its `score` is the summary.
    """
    given = {word: fact for word, fact in facts.items() if fact is not None}
    address, data, numbers = find_address(submit_to, given), load_dataset(release), _list_seeds(seeds)
    send, kept = prepare_submission(address, data, given), list[Predictions]()
    if send is not None:
        check_seed_count(len(numbers))
    (summary,) = _fit_parts(fit, data, [data], numbers, batch_rows, kept.append if send else lambda _: None)
    if send is None:
        return summary
    values = [own.values for own in kept]
    return SubmittedSeeds(**vars(summary), entry=send(np.stack(values) if len(values) > 1 else values[0], summary))


def learning_curve(
    fit: Fit,
    release: str | Path | LatentDataset,
    rows: Sequence[int] | None = None,
    *,
    seeds: int | Sequence[int] = 3,
    batch_rows: int = BATCH_ROWS,
) -> LearningCurve:
    """Return the scores of a rule over numbers of training rows, by default 300, 1,000, 3,000 and so on up to all.

    `fit` and `seeds` are as for `evaluate_seeds`. The rows are the first ones, the same for all seeds; null and floor
    are those of the whole release, so that skills compare. A progress bar goes to stderr.

    Raises:
        InputError: if a number of rows is out of range, or so few that a class has none; or as `evaluate_seeds`.
        UnknownNameError: if the release does not exist.
    """
    data, numbers = load_dataset(release), _list_seeds(seeds)
    if rows is None:
        rows = [*(count for count in ROWS if count < len(data.train)), len(data.train)]
    parts = [subset(data, count) for count in rows]  # all are checked before the first fit
    if not parts:
        raise InputError("rows must be one number of training rows or more; received none.")
    summaries = _fit_parts(fit, data, parts, numbers, batch_rows, lambda _: None)
    counts = tuple(len(part.train) for part in parts)
    return LearningCurve(data.name, data.test_sha256, numbers, counts, tuple(summaries))


def _fit_parts(
    fit: Fit,
    data: LatentDataset,
    parts: Sequence[LatentDataset],
    numbers: Sequence[int],
    batch_rows: int,
    keep: Callable[[Predictions], None],
) -> list[SeedSummary]:
    """Return the scores after training on each part, over the seeds; `keep` gets the predictions of each fit."""
    summaries = []
    with show_progress(title="curve", total=len(parts) * len(numbers), unit="fit") as bar:
        for part in parts:
            named = replace(part, name=f"{data.name}, first {len(part.train)} rows")
            scores = []
            for seed in numbers:
                model = run_fit(lambda own, seed: fit(own.train.x.copy(), own.train.y.copy(), seed), named, seed)
                keep(predictions := predict(model, data, batch_rows=batch_rows))
                scores.append(score_predictions(predictions, data))
                bar.update()
            summaries.append(summarise_seeds(scores))
    return summaries


def _list_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, Sequence):
        if not seeds or len(set(seeds)) < len(seeds):
            raise InputError(f"seeds must be one seed or more, all different; received {seeds!r:.200}.")
        return tuple(check_integer("each seed", seed, 0, 2**63 - 1) for seed in seeds)
    return tuple(range(check_integer("seeds", seeds, 1, MAX_SEEDS)))
