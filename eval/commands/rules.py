"""Commands of learning rules: rule, the report of one, and rules, the kept trials of all."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from eval.commands.options import (
    DrawnFile,
    FirstSeed,
    Kept,
    Names,
    SeedCount,
    Work,
    WorkOptions,
    check_figure,
    choose_seeds,
    open_runner,
    save_figure,
)
from eval.kept.baselines import find_rows
from eval.kept.rules import find_differences, find_trials
from eval.ladder import keep_rows
from eval.names import AIDED, RULES
from eval.report.keeping import describe_trials, measure_trials
from eval.report.loading import Rule
from eval.report.measuring import Wishes, measure_rule
from eval.report.output.publishing import FORMS, publish_report
from eval.report.output.text import write_rules, write_text
from eval.report.sweeps import CURVES
from eval.report.trials import count_cores
from ld_data.cli.options import Folder, Json, Release, TrainRows
from ld_data.cli.output import print_result
from ld_data.errors import InputError, IntegrityError, MissingDataError
from ld_data.extras import describe_installation
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import list_releases, load
from ld_data.storage.staging import check_new_folder


def rule(
    name: Annotated[str, Parameter(metavar="RULE", completer=lambda _: list(RULES))],
    release: Release,
    /,
    *,
    out: Folder,
    limit_train: TrainRows = None,
    seed: FirstSeed = 0,
    seeds: int = 5,
    curves: Annotated[Names, Parameter(choices=CURVES)] = None,
    rows: Annotated[tuple[int, ...] | None, Parameter(consume_multiple=(1, None))] = None,
    noise_free: Annotated[bool, Parameter(negative="")] = False,
    work: Work = WorkOptions(),
    as_json: Json = False,
) -> None:
    """Write the report of a learning rule.

    It has the skill, the alignment with the gradient, the cost, curves and streams.

    Args:
        name: FILE:CLASS of your own, as my_rule.py:MyRule; FILE:FUNCTION for a fit(x, y, seed); or a built-in rule.
        out: The new folder for report.json and the figures.
        seeds: The number of seeds.
        curves: Measure these curves alone.
        rows: The numbers of training rows of the curve over them.
        noise_free: Train on the class means of y in place of y.
    """
    check_new_folder(out)
    data = load(release)
    kept = {} if noise_free or limit_train is not None else find_kept(data)
    if limit_train is not None:
        data = keep_rows(data, limit_train)
    begin = _read_processors()
    with open_runner(work, count_cores()) as runner:
        wishes = Wishes(choose_seeds(seed, seeds), curves or CURVES, rows, runner, noise_free)
        report = measure_rule(Rule(name, Path.cwd()), data, wishes)
    report["seconds"]["cpu"] = _read_processors() - begin  # workers of this machine count once they have ended
    files = publish_report(report, kept, out)
    lines = [write_text(report), f"wrote {out}: {', '.join(files)}"]
    if not any(file.endswith(FORMS) for file in files):
        lines.append(f"no figures, since matplotlib is not installed: {describe_installation('plots')} brings it.")
    print_result(report, "\n".join(lines), as_json)


def _read_processors() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def find_kept(data: LatentDataset) -> dict[str, float]:
    """Return the kept skills of a release's baselines that learn from pairs (x, y), those of the null or above."""
    try:
        rows = find_rows(data.name, data.test_sha256)
    except MissingDataError:
        return {}
    own = {row.name: row.summary.skill.mean for row in rows}
    return {name: skill for name, skill in own.items() if skill >= 0 and name not in AIDED}


def rules(
    *releases: Release,
    only: Annotated[Names, Parameter(choices=tuple(RULES))] = None,
    kept: Kept = False,
    seed: FirstSeed = 0,
    seeds: SeedCount = 5,
    work: Work = WorkOptions(),
    out: Folder | None = None,
    check: bool = False,
    figure: DrawnFile = None,
    as_json: Json = False,
) -> None:
    """Measure the built-in learning rules on releases.

    Without names, on all of them. Each training has the rule's own plan. Its skill, alignment with the gradient and
    cost are measured on the way.

    Args:
        only: These alone.
        out: A folder with a JSON file for each release, to which each training is added once it is done; those that it
            holds are not repeated, so that a run that stopped goes on.
        check: Fail if a figure is not the kept one.
    """
    if kept and (check or out):
        raise InputError("--kept trains nothing, so that there is nothing to check or to write: leave it out.")
    check_figure(figure)
    names, chosen = list(dict.fromkeys(only or RULES)), choose_seeds(seed, seeds)
    datasets = [load(name) for name in releases or list_releases()]
    if figure and len(datasets) != 1:
        raise InputError("--figure draws one release: name it.")
    known = {data.name: find_trials(data.name, data.test_sha256, only=only) for data in datasets if kept or check}
    values, differences = [], list[str]()
    with open_runner(work, count_cores()) as runner:
        for data in datasets:
            path = out and out / f"{data.name}.json"
            if check and path and path.exists():
                raise InputError(f"--check trains anew, and {path} holds trials already: choose another --out.")
            trials = known[data.name] if kept else measure_trials(data, names, chosen, runner, path)
            values.append(describe_trials(trials))
            differences += find_differences(trials, known[data.name]) if check else []
    if figure:
        save_figure("figures:draw_costs", values[-1], figure)
    print_result(values, "\n\n".join(map(write_rules, values)), as_json)
    if differences:
        raise IntegrityError(" ".join(["the kept trials were not reproduced.", *differences]))
