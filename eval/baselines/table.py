"""The table of baselines on a release: measured over seeds, kept beside the releases, and checked against a new run."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from joblib import Parallel, delayed, parallel_config

from eval.baselines.registry import check_baseline, score_baseline
from eval.comparison import SeedSummary, Spread, describe_shift, load_kept, summarise_seeds
from eval.names import BASELINES
from ld_data.cli.libraries import import_quietly
from ld_data.cli.table import format_table
from ld_data.release.dataset import LatentDataset
from ld_data.settings import checkpoints_folder
from ld_data.storage.staging import stage_file

# At most held-out rows are drawn.
SEEDLESS = ("mean", "linear", "linear-projected", "ridge", "neighbours", "associative-memory", "oracle")
T = TypeVar("T")
FIGURES = {"skill": ".3f", "noise_free_mse": ".4f", "decoded_accuracy": ".3f", "mse": ".4f"}  # and how they print


@dataclass(frozen=True)
class BaselineRow:
    """One baseline on a release: its seeds (one if they do not matter), its scores, and the null and floor as MSE."""

    name: str
    seeds: tuple[int, ...]
    summary: SeedSummary
    null: float
    floor: float


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


def describe_rows(rows: Sequence[BaselineRow]) -> str:
    """Return the rows as a text table, the best last, with the spread over seeds behind each figure."""
    figures = [
        (row.name, *(format(getattr(row.summary, name), form) for name, form in FIGURES.items()))
        for row in sorted(rows, key=lambda row: -row.summary.noise_free_mse.mean)
    ]
    table = format_table(("baseline", "skill", "noise-free MSE", "decoded accuracy", "MSE"), figures, "lrrrr")
    seeds = max(len(row.seeds) for row in rows)
    spread = f"; +- is the standard deviation over {seeds} seeds" if seeds > 1 else ""
    return f"{table}\nnull {rows[0].null:.4f}, floor {rows[0].floor:.4f}{spread}"


def table_path(release: str) -> Path:
    """Return the path of a release's table, existing or not."""
    return checkpoints_folder() / "baselines" / f"{release}.json"


def save_rows(rows: Sequence[BaselineRow], path: Path) -> None:
    """Write rows as JSON; make the folder, and replace an older file atomically."""
    with stage_file(path) as draft:
        draft.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")


def load_rows(path: Path) -> list[BaselineRow]:
    """Return the rows in a file of `save_rows`; raises as `load_kept`."""
    return load_kept(path, _read_row, "figures of baselines", f"baselines {path.stem} --all")


def find_differences(rows: Sequence[BaselineRow], committed: Sequence[BaselineRow]) -> list[str]:
    """Return a sentence for each figure that differs from the committed one by more than its spread over seeds.

    A mean over other seeds may differ by more, so a row with other seeds gets one sentence about them instead.
    """
    known, sentences = {row.name: row for row in committed}, []
    for row in rows:
        old = known.get(row.name)
        if old is None:
            sentences.append(f"{row.name} is not in the committed table.")
        elif row.summary.data_sha256 != old.summary.data_sha256:
            sentences.append(f"{row.name} was measured on another version of {row.summary.release}.")
        elif row.seeds != old.seeds:
            new_seeds, old_seeds = (", ".join(map(str, its.seeds)) for its in (row, old))
            sentences.append(f"{row.name} was measured with the seeds {new_seeds}; expected the committed {old_seeds}.")
        else:
            spreads = {name: (getattr(row.summary, name), getattr(old.summary, name)) for name in FIGURES}
            sentences += [describe_shift(f"{row.name}: {name}", *pair) for name, pair in spreads.items()]
    return [sentence for sentence in sentences if sentence]


def _read_row(values: dict[str, Any]) -> BaselineRow:
    if values["name"] not in BASELINES:
        raise ValueError(f"no baseline {values['name']!r}")
    figures = values["summary"]
    summary: dict[str, Any] = figures | {name: Spread(**figures[name]) for name in FIGURES}
    return BaselineRow(**values | {"seeds": tuple(values["seeds"]), "summary": SeedSummary(**summary)})
