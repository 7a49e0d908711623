"""The command that climbs a ladder of control tasks."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from eval.commands.models import Model, find_source, load_fit
from eval.commands.options import DrawnFile, Work, WorkOptions, check_figure, open_runner, save_figure
from eval.jobs.calls import Call, Runner
from eval.jobs.data import Sent, hash_data, open_data
from eval.ladder import Rung, Task, climb_task, describe_gaps, format_rungs, keep_rows, make_ladder
from ld_data.cli.options import File, Json, Release, Seed, TrainRows
from ld_data.cli.output import print_result
from ld_data.release.dataset import LatentDataset
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
    work: Work = WorkOptions(),
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
    sources = {name: find_source(name) for name in (model, *others)}  # of all, before the first is fitted
    with open_runner(work) as runner:
        found = climb(sources, data, seed, twists, runner)
    results, parts = [], []
    for name, rungs in found.items():
        verdict = describe_gaps(name, rungs)
        title = f"{data.name}, {len(data.train)} + {len(data.test)} rows, the model {name}"
        place = {"release": data.name, "data_sha256": data.test_sha256}
        result = place | {"model": name, "seed": seed, "rows": len(data.train)}
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


def climb(
    sources: Mapping[str, str], data: LatentDataset, seed: int, twists: tuple[int, ...] | None, runner: Runner
) -> dict[str, list[Rung]]:
    """Return the rungs of models by their names, which have the sha256 of their files beside them."""
    sent, hashes, tasks = runner.send(data), hash_data(data), open_ladder(data, seed, twists)
    calls = {
        Call(
            climb_one,
            (name, Path.cwd(), sent, seed, twists, number),
            {"model": name, "source": source, "task": task.name, "seed": seed, "data": hashes},
            read_rung,
        ): (name, number)
        for name, source in sources.items()
        for number, task in enumerate(tasks)
    }
    found = {calls[call]: rung for call, rung in runner.run(list(calls), "ladder")}
    return {name: [found[name, number] for number in range(len(tasks))] for name in sources}


@lru_cache(1)
def open_ladder(sent: Sent, seed: int, twists: tuple[int, ...] | None) -> list[Task]:
    """Return the tasks of a dataset, made once in a process."""
    return make_ladder(open_data(sent), seed, twists)


def climb_one(name: str, folder: Path, sent: Sent, seed: int, twists: tuple[int, ...] | None, number: int) -> Rung:
    """Return the result of a model on the task of that number; raises as `load_fit` and `climb_task`."""
    return climb_task(load_fit(name, folder), open_data(sent), open_ladder(sent, seed, twists)[number], seed)


def read_rung(values: dict[str, Any]) -> Rung:
    """Return a rung of JSON values, whose word follows from the others."""
    return Rung(**{name: value for name, value in values.items() if name != "word"})
