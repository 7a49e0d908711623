"""The command that climbs a ladder of control tasks."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.completion import CompletionContext

from eval.entry_point import load_function
from eval.ladder import climb, climb_datasets, describe_gaps, format_rungs, keep_rows
from eval.names import BASELINES
from ld_data.cli.libraries import import_quietly
from ld_data.cli.options import Json, Release, Seed, TrainRows
from ld_data.cli.output import print_result
from ld_data.release.folder import load


def complete_models(_context: CompletionContext) -> tuple[str, ...]:
    """Return the names of the baselines."""
    return BASELINES


def check_model(_type: object, name: str) -> None:
    """Refuse a name that is neither a baseline nor `module:function` by a `ValueError`, as Cyclopts expects it."""
    if ":" not in name and name not in BASELINES:
        raise ValueError(
            f"no baseline {name!r}. Known: {', '.join(BASELINES)}. A function of your own is named as module:function."
        )


def ladder(
    model: Annotated[str, Parameter(validator=check_model, completer=complete_models)],
    /,
    *,
    release: Release = "ld-mnist-32",
    limit_train: TrainRows = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Find the abilities that a model lacks, by control tasks.

    Args:
        model: A baseline's name, or module:function of your own, a fit(x_train, y_train, seed) -> model.
    """
    data = load(release)
    if limit_train is not None:
        data = keep_rows(data, limit_train)
    if ":" in model:
        rungs = climb(load_function(model, Path.cwd()), data, seed)
    else:
        import_quietly("keras")
        from eval.baselines.registry import fit_baseline  # late: Keras takes 5 s that --help should not pay

        rungs = climb_datasets(lambda task, seed: fit_baseline(model, task, seed), data, seed)
    verdict = describe_gaps(model, rungs)
    title = f"{data.name}, {len(data.train)} + {len(data.test)} rows, the model {model}"
    result = {"release": data.name, "model": model, "seed": seed, "rows": len(data.train)}
    result |= {"rungs": [rung.to_json() for rung in rungs], "verdict": verdict}
    print_result(result, "\n".join([title, format_rungs(rungs), verdict]), as_json)
