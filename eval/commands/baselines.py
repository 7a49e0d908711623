"""Commands that fit baselines: baselines, shifts, tune."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any

from cyclopts import Group, Parameter
from cyclopts.validators import mutually_exclusive

from eval.baselines.registry import tune_rule
from eval.commands.options import (
    FirstSeed,
    Kept,
    Names,
    SeedCount,
    Work,
    WorkOptions,
    choose_seeds,
    open_runner,
    prepare_out,
)
from eval.jobs.calls import Runner
from eval.kept.baselines import BaselineRow, describe_rows, find_differences, find_rows
from eval.ladder import keep_rows
from eval.names import BASELINES, RULES, SHORT
from ld_data.cli.libraries import needs
from ld_data.cli.options import File, Folder, Json, Release, Seed, TrainRows
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.errors import InputError, IntegrityError
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import load

ALL_SEEDS = 5
PLAIN = tuple(name for name in BASELINES if name not in RULES)
SHOWN = ("mlp", "feedback-alignment")  # on the page: of the two, the rule errs more
FITTERS = ("keras", "sklearn")  # fit baselines
CHOICE = Group("Chosen baselines", validator=mutually_exclusive)


def baselines(
    release: Release,
    /,
    *,
    only: Annotated[Names, Parameter(choices=tuple(BASELINES), group=CHOICE)] = None,
    every: Annotated[bool, Parameter(name="--all", group=CHOICE)] = False,
    kept: Kept = False,
    limit_train: TrainRows = None,
    seed: FirstSeed = 0,
    seeds: int | None = None,
    work: Work = WorkOptions(),
    out: File | None = None,
    check: bool = False,
    as_json: Json = False,
) -> None:
    """Fit and score the baselines.

    Args:
        only: These alone.
        every: All but the learning rules, which `rules` measures: half an hour.
        seeds: The number of seeds: 1 by default, 5 with --all or --check.
        out: Write the table as JSON after each baseline; rows of the same data and seeds that it holds are kept.
        check: Fail if a figure is not the kept one.
    """
    if kept and (check or out or limit_train is not None):
        raise InputError("--kept fits nothing, so --check, --out and --limit-train mean nothing with it: leave it out.")
    data = load(release)
    if kept:
        print_rows(data, find_rows(data.name, data.test_sha256, only=only), as_json)
        return
    if limit_train is not None:
        if check or out:
            raise InputError("kept figures are of all training rows: leave out --limit-train, or --check and --out.")
        data = keep_rows(data, limit_train)
    names = list(dict.fromkeys(only or (PLAIN if every else SHORT)))
    default = ALL_SEEDS if every or check else 1
    chosen_seeds = choose_seeds(seed, default if seeds is None else seeds)
    if out:
        prepare_out(out, f"{data.name}.json")
    committed = find_rows(data.name, data.test_sha256) if check else []
    with open_runner(work) as runner:
        rows = fit_rows(data, names, chosen_seeds, runner, out)
    print_rows(data, rows, as_json)
    if check and (differences := find_differences(rows, committed)):
        raise IntegrityError(" ".join(["the committed table was not reproduced.", *differences]))


def print_rows(data: LatentDataset, rows: Sequence[BaselineRow], as_json: bool) -> None:
    """Print rows of a dataset, the best last."""
    title = f"{data.name}, {len(data.train)} + {len(data.test)} rows"
    print_result([asdict(row) for row in rows], f"{title}\n{describe_rows(rows)}", as_json)


@needs(*FITTERS)
def fit_rows(
    data: LatentDataset, names: Sequence[str], seeds: Sequence[int], runner: Runner, out: Path | None
) -> list[BaselineRow]:
    """Return the rows of baselines, measured now; with `out` they are kept in that file, one after another."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # more take up to twice the processor time on small products
    from eval.baselines import table  # late: Keras takes 5 s that --help should not pay

    if out:
        return table.resume_rows(out, data, names, seeds, runner)
    rows = {row.name: row for row in table.measure_rows(data, names, seeds, runner)}
    return [rows[name] for name in names]


@needs(*FITTERS)
def shifts(
    release: Release,
    /,
    *,
    only: Annotated[Names, Parameter(choices=tuple(BASELINES))] = None,
    seed: FirstSeed = 0,
    seeds: SeedCount = 1,
    work: Work = WorkOptions(),
    as_json: Json = False,
) -> None:
    """Fit baselines, and show what they lose on shifted test sets.

    Args:
        only: These alone.
    """
    from eval.baselines import shifts as table  # late: Keras takes 5 s that --help should not pay

    data, names = load(release), list(dict.fromkeys(only or SHORT))
    with open_runner(work) as runner:
        rows = list(table.measure_shifts(data, names, choose_seeds(seed, seeds), runner))
    text = f"{data.name}, {len(data.test)} test rows\n{table.describe_shift_rows(rows)}"
    print_result([asdict(row) for row in rows], text, as_json)


@needs(*FITTERS, "onnx", "onnxruntime")
def export_baselines(
    release: Release,
    /,
    *,
    only: Annotated[Names, Parameter(choices=tuple(BASELINES))] = None,
    seed: Seed = 0,
    out: Folder,
    as_json: Json = False,
) -> None:
    """Write fitted baselines as ONNX networks.

    Each maps x to y; the service shows them on its page.

    Args:
        only: These alone, of dense layers; by default mlp and feedback-alignment.
        out: The folder of NAME.onnx, as checkpoints/baselines/RELEASE, where the service finds them.
    """
    export: Callable[..., float] = resolve_name("eval.baselines.export:export_baseline")  # Keras takes 5 s
    data, results = load(release), dict[str, dict[str, Any]]()
    for name in dict.fromkeys(only or SHOWN):
        path = out / f"{name}.onnx"
        results[name] = {"skill": export(name, data, seed, path), "bytes": path.stat().st_size}
    rows = [(str(out / f"{name}.onnx"), f"{own['skill']:.3f}", str(own["bytes"])) for name, own in results.items()]
    print_result(results, format_table(("written", "skill", "bytes"), rows, "lrr"), as_json)


def tune(
    release: Release,
    rule: Annotated[str, Parameter(choices=tuple(RULES))],
    /,
    *,
    seed: Seed = 0,
    work: Work = WorkOptions(),
    as_json: Json = False,
) -> None:
    """Try learning rates of a rule on held-out training rows.

    Args:
        rule: The learning rule, a baseline.
    """
    with open_runner(work) as runner:
        errors = tune_rule(rule, load(release), seed, runner)
    rows = [(f"{rate:g}", f"{error:.5f}") for rate, error in errors.items()]
    print_result(errors, format_table(("learning rate", "held-out MSE"), rows, "rr"), as_json)
