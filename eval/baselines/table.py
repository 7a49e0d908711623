"""The table of baselines on a release, measured over seeds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from eval.baselines.registry import check_baseline, score_baseline
from eval.comparison import summarise_seeds
from eval.jobs.calls import HERE, Call, Runner
from eval.jobs.data import Sent, hash_data, open_data
from eval.kept.baselines import BaselineRow, load_rows, save_rows
from eval.names import BASELINES
from eval.score import Score
from ld_data.release.dataset import LatentDataset

# At most held-out rows are drawn.
SEEDLESS = ("mean", "linear", "linear-projected", "ridge", "neighbours", "associative-memory", "oracle")
T = TypeVar("T")


def measure_rows(
    data: LatentDataset, names: Sequence[str], seeds: Sequence[int], runner: Runner = HERE
) -> Iterator[BaselineRow]:
    """Yield the row of each baseline once all its fits are done; arguments and errors are as for `run_fits`."""
    kind = Fits(score_baseline, lambda values: Score(**values), Score.to_json)
    for name, used, own in run_fits(kind, data, names, seeds, runner):
        yield BaselineRow(name, used, summarise_seeds(own), own[0].null, own[0].floor)


def resume_rows(
    path: Path, data: LatentDataset, names: Sequence[str], seeds: Sequence[int], runner: Runner = HERE
) -> list[BaselineRow]:
    """Return the rows of `measure_rows`, kept in a file of `save_rows` after each; those it holds are not fitted again.

    The file's rows of other baselines stay; its rows of other data or seeds are replaced.

    Raises:
        IntegrityError: the file holds something else; or as `measure_rows`.
    """
    kept = {row.name: row for row in (load_rows(path) if path.exists() else [])}
    kept = {name: row for name, row in kept.items() if row.summary.data_sha256 == data.test_sha256}
    missing = [name for name in names if name not in kept or kept[name].seeds != choose_used(name, seeds)]
    for row in measure_rows(data, missing, seeds, runner):
        kept[row.name] = row
        save_rows([kept[name] for name in BASELINES if name in kept], path)
    return [kept[name] for name in names]


def choose_used(name: str, seeds: Sequence[int]) -> tuple[int, ...]:
    """Return the seeds that a baseline is fitted with: the first alone if they do not matter."""
    return tuple(seeds[:1] if name in SEEDLESS else seeds)


@dataclass(frozen=True)
class Fits(Generic[T]):
    """A kind of fits.

    Attributes:
        fit: `fit(name, data, seed)` of a baseline, at the top of a module.
        read, write: of its result, as of `eval.jobs.calls.Call`.
        depends_on: JSON values besides name, seed and data.
    """

    fit: Callable[[str, LatentDataset, int], T]
    read: Callable[[Any], T]
    write: Callable[[T], Any]
    depends_on: Mapping[str, Any] = field(default_factory=dict)


def run_fits(
    kind: Fits[T], data: LatentDataset, names: Sequence[str], seeds: Sequence[int], runner: Runner = HERE
) -> Iterator[tuple[str, tuple[int, ...], list[T]]]:
    """Yield the name of each baseline, its seeds, and the results for these, once they are all there.

    The workers of the runner make the fits. It raises as `fit_baseline`, before the first fit if a baseline does not
    suit the dataset, and as `Runner.run`.
    """
    for name in names:
        check_baseline(name, data)
    used = {name: choose_used(name, seeds) for name in names}
    sent, hashes = runner.send(data), hash_data(data)
    calls = {
        Call(
            _fit,
            (kind.fit, name, sent, seed),
            {"kind": kind.fit.__qualname__, "name": name, "seed": seed, "data": hashes, **kind.depends_on},
            kind.read,
            kind.write,
        ): (name, seed)
        for name in names
        for seed in used[name]
    }
    found: dict[str, dict[int, T]] = {name: {} for name in names}
    for call, result in runner.run(list(calls), f"baselines on {data.name}"):
        name, seed = calls[call]
        found[name][seed] = result
        if len(found[name]) == len(used[name]):
            yield name, used[name], [found[name][seed] for seed in used[name]]


def _fit(fit: Callable[[str, LatentDataset, int], T], name: str, sent: Sent, seed: int) -> T:
    return fit(name, open_data(sent), seed)
