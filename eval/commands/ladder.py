"""The command that climbs a ladder of control tasks."""

import json
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from eval.commands.models import Model, load_fit
from eval.commands.options import DrawnFile, check_figure, save_figure
from eval.ladder import climb_datasets, describe_gaps, format_rungs, keep_rows
from ld_data.cli.options import File, Json, Release, Seed, TrainRows
from ld_data.cli.output import print_result
from ld_data.release.folder import load
from ld_data.storage.staging import stage_file


def ladder(
    model: Model,
    /,
    *others: Model,
    release: Release = "ld-mnist-32",
    twists: Annotated[tuple[int, ...] | None, Parameter(consume_multiple=(1, None))] = None,
    limit_train: TrainRows = None,
    seed: Seed = 0,
    figure: DrawnFile = None,
    out: File | None = None,
    as_json: Json = False,
) -> None:
    """Find the abilities that a model lacks, by control tasks.

    Args:
        model: A baseline's name, or module:name of your own: a rule, or a fit(x_train, y_train, seed) -> model.
        others: More of them.
        twists: Climb the rungs twist-k alone, for these k: the classes, with pairs of components of x turned k times.
        out: Write the results as JSON, as checkpoints/ladder/RELEASE.json, where the page of the service finds them.
    """
    check_figure(figure)
    data = load(release)
    if limit_train is not None:
        data = keep_rows(data, limit_train)
    results, parts = [], []
    for name, fit in {name: load_fit(name) for name in (model, *others)}.items():  # all, before the first is fitted
        rungs = climb_datasets(fit, data, seed, twists=twists)
        verdict = describe_gaps(name, rungs)
        title = f"{data.name}, {len(data.train)} + {len(data.test)} rows, the model {name}"
        result = {
            "release": data.name,
            "data_sha256": data.test_sha256,
            "model": name,
            "seed": seed,
            "rows": len(data.train),
        }
        results.append(result | {"rungs": [asdict(rung) for rung in rungs], "verdict": verdict})
        parts.append("\n".join([title, format_rungs(rungs), verdict]))
    if out:
        with stage_file(out) as draft:
            draft.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        parts.append(f"wrote {out}")
    if figure:
        save_figure("ladder_bars:draw_ladder", results, figure)
        parts.append(f"wrote {figure}")
    print_result(results, "\n\n".join(parts), as_json)
