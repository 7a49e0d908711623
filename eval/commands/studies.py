"""The command that runs a study, or shows its kept trials."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from eval.commands.options import FirstSeed, Kept, Names, Work, WorkOptions, choose_seeds, open_runner
from eval.names import STUDIES
from eval.studies.design.pictures import save_picture
from eval.studies.design.running import list_tasks, plan_trials, run_tasks
from eval.studies.design.study import Study, find_study
from eval.studies.design.trials import Results, Trial, check_kept, find_differences, load_trials, trials_path
from ld_data.cli.options import Folder, Json
from ld_data.cli.output import print_result
from ld_data.errors import InputError, IntegrityError, MissingDataError
from ld_data.extras import describe_installation

TRIALS = "trials.json"


def study(
    name: Annotated[str, Parameter(choices=tuple(STUDIES), name="study")],
    /,
    *,
    quick: bool = False,
    only: Names = None,
    seed: FirstSeed = 0,
    seeds: int | None = None,
    work: Work = WorkOptions(),
    out: Folder | None = None,
    kept: Kept = False,
    check: bool = False,
    as_json: Json = False,
) -> None:
    """Run a study, and judge its claims.

    Args:
        name: The study.
        quick: Less of everything, by the same code.
        only: These arms alone, by their names or their first words.
        seeds: The number of seeds; by default that of each arm.
        out: Write pictures and trials.json, each trial once it is done; a stopped run resumes.
        check: Fail if a figure is not the kept one.
    """
    if quick and (kept or check):
        raise InputError("a quick run is not kept, so that --kept and --check have nothing to compare: leave one out.")
    if kept and check:
        raise InputError("--kept runs nothing, so that there is nothing to check: leave one out.")
    if check and out:
        raise InputError("--check runs all trials, and --out takes those that its folder holds: leave one out.")
    choose_seeds(seed, 1 if seeds is None else seeds)
    file, chosen = find_file(out) if out else None, find_study(name).choose(only)
    if quick:
        chosen = replace(chosen, published=())  # they are of the full protocol
    committed = load_trials(trials_path(name), name) if kept or check else []
    if kept:
        trials = take_kept(chosen, committed)
    else:
        tasks = list_tasks(chosen, seed, seeds, quick)
        if check:
            check_kept(plan_trials(tasks), committed)
        with open_runner(work) as runner:
            trials = run_tasks(tasks, runner, file)
    results = chosen.take_results(trials, quick)
    lines = [chosen.describe(results), *(save_pictures(chosen, results, out) if out else ())]
    values: dict[str, object] = {"study": name, "claims": chosen.judge(results), "published": chosen.compare(results)}
    values["trials"] = [asdict(trial) for trial in trials]
    print_result(values, "\n".join(lines), as_json)
    if check and (differences := find_differences(trials, committed)):
        raise IntegrityError(" ".join(["the kept trials were not reproduced.", *differences]))


def find_file(out: Path) -> Path:
    """Return the file of trials in a folder, which is made; raise `InputError` if it is a file."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out must name a folder; {out} is a file.")
    out.mkdir(parents=True, exist_ok=True)
    return out / TRIALS


def take_kept(study: Study, committed: Sequence[Trial]) -> list[Trial]:
    """Return the kept trials of a study's arms.

    Raises:
        MissingDataError: none follow its protocol.
        IntegrityError: those of an arm are of several data or engines, so that they do not pool.
    """
    own = [trial for its in study.take_results(committed).trials.values() for trial in its.values()]
    for arm in study.arms:
        if len(origins := {(trial.inputs_sha256[:8], trial.engine) for trial in own if trial.arm == arm}) > 1:
            words = " and ".join(f"data {data}, {engine}" for data, engine in sorted(origins))
            raise IntegrityError(
                f"{trials_path(study.name)}: expected trials of {arm} on the same data and engine; found {words}. "
                f"Measure the arm again: `python -m eval study {study.name} --only {arm} --out DIR`."
            )
    if not own:
        path = trials_path(study.name)
        raise MissingDataError(
            f"the trials at {path} are of other arms or another protocol. `python -m eval study {study.name} "
            f"--out DIR` measures them; put DIR/{TRIALS} there."
        )
    return own


def save_pictures(study: Study, results: Results, out: Path) -> list[str]:
    """Return a line about each file of a picture that is written, or about a missing matplotlib."""
    if not find_spec("matplotlib"):
        return [f"no pictures, since matplotlib is not installed: {describe_installation('plots')} brings it."]
    return [f"wrote {path}" for picture in study.draw(results) for path in save_picture(picture, out)]
