"""The command that climbs a ladder of control tasks."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from eval.commands.models import Model, load_fit
from eval.ladder import climb_datasets, describe_gaps, format_rungs, keep_rows
from ld_data.cli.options import Json, Release, Seed, TrainRows
from ld_data.cli.output import print_result
from ld_data.release.folder import load


def ladder(
    model: Model,
    /,
    *,
    release: Release = "ld-mnist-32",
    twists: Annotated[tuple[int, ...] | None, Parameter(consume_multiple=(1, None))] = None,
    limit_train: TrainRows = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Find the abilities that a model lacks, by control tasks.

    Args:
        model: A baseline's name, or module:name of your own: a rule, or a fit(x_train, y_train, seed) -> model.
        twists: Climb the rungs twist-k alone, for these k: the classes, with pairs of components of x turned k times.
    """
    data = load(release)
    if limit_train is not None:
        data = keep_rows(data, limit_train)
    rungs = climb_datasets(load_fit(model), data, seed, twists=twists)
    verdict = describe_gaps(model, rungs)
    title = f"{data.name}, {len(data.train)} + {len(data.test)} rows, the model {model}"
    result = {"release": data.name, "model": model, "seed": seed, "rows": len(data.train)}
    result |= {"rungs": [asdict(rung) for rung in rungs], "verdict": verdict}
    print_result(result, "\n".join([title, format_rungs(rungs), verdict]), as_json)
