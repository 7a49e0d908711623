"""The table of baselines on a release, measured over seeds."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config

from eval.baselines.registry import check_baseline, score_baseline
from eval.comparison import summarise_seeds
from eval.kept.baselines import BaselineRow, load_rows, save_rows
from eval.names import BASELINES
from ld_data.cli.libraries import import_quietly
from ld_data.release.dataset import LatentDataset

# At most held-out rows are drawn.
SEEDLESS = ("mean", "linear", "linear-projected", "ridge", "neighbours", "associative-memory", "oracle")
T = TypeVar("T")


def measure_rows(
    data: LatentDataset, names: Sequence[str], seeds: Sequence[int], jobs: int = 1
) -> Iterator[BaselineRow]:
    """Yield the row of each baseline, one after another, as each fit ends; jobs and errors are as for `run_fits`."""
    for name, used, own in run_fits(score_baseline, data, names, seeds, jobs):
        yield BaselineRow(name, used, summarise_seeds(own), own[0].null, own[0].floor)


def resume_rows(
    path: Path, data: LatentDataset, names: Sequence[str], seeds: Sequence[int], jobs: int = 1
) -> list[BaselineRow]:
    """Return the rows of `measure_rows`, kept in a file of `save_rows` after each; those it holds are not fitted again.

    The file's rows of other baselines stay; its rows of other data or seeds are replaced.

    Raises:
        IntegrityError: the file holds something else; or as `measure_rows`.
    """
    kept = {row.name: row for row in (load_rows(path) if path.exists() else [])}
    kept = {name: row for name, row in kept.items() if row.summary.data_sha256 == data.test_sha256}
    missing = [name for name in names if name not in kept or kept[name].seeds != choose_used(name, seeds)]
    for row in measure_rows(data, missing, seeds, jobs):
        kept[row.name] = row
        save_rows([kept[name] for name in BASELINES if name in kept], path)
    return [kept[name] for name in names]


def choose_used(name: str, seeds: Sequence[int]) -> tuple[int, ...]:
    """Return the seeds that a baseline is fitted with: the first alone if they do not matter."""
    return tuple(seeds[:1] if name in SEEDLESS else seeds)


def run_fits(
    fit: Callable[[str, LatentDataset, int], T],
    data: LatentDataset,
    names: Sequence[str],
    seeds: Sequence[int],
    jobs: int = 1,
) -> Iterator[tuple[str, tuple[int, ...], list[T]]]:
    """Yield the name of each baseline, its seeds, and what `fit` returns for it and each of them.

    With several jobs, processes fit different baselines or seeds at the same time, each on one thread. It raises as
    `fit_baseline`, before the first fit if a baseline does not suit the dataset.
    """
    for name in names:
        check_baseline(name, data)
    used = {name: choose_used(name, seeds) for name in names}
    tasks = [delayed(fit)(name, data, seed) for name in names for seed in used[name]]
    quiet = {"initializer": import_quietly, "initargs": ("keras",)}
    with parallel_config("loky", inner_max_num_threads=1 if jobs > 1 else None, **quiet):
        results = Parallel(jobs, return_as="generator")(tasks)
        for name in names:
            yield name, used[name], list(islice(results, len(used[name])))
