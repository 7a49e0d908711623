"""The command that writes the report of a learning rule."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from eval.commands.options import FirstSeed, Names, choose_seeds
from eval.kept.baselines import find_rows
from eval.ladder import keep_rows
from eval.names import AIDED, RULES
from eval.report.loading import Rule
from eval.report.measuring import Wishes, measure_rule
from eval.report.publishing import FORMS, check_folder, publish_report
from eval.report.sweeps import CURVES
from eval.report.text import write_text
from eval.report.trials import count_cores
from ld_data.cli.options import Folder, JobsOfCores, Json, Release, TrainRows
from ld_data.cli.output import print_result
from ld_data.errors import MissingDataError
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import load


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
    jobs: JobsOfCores = None,
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
    """
    check_folder(out)
    data = load(release)
    kept = find_kept(data) if limit_train is None else {}
    if limit_train is not None:
        data = keep_rows(data, limit_train)
    processes = count_cores() if jobs is None else jobs
    wishes = Wishes(choose_seeds(seed, seeds, processes), curves or CURVES, rows, processes)
    report = measure_rule(Rule(name, Path.cwd()), data, wishes)
    files = publish_report(report, kept, out)
    lines = [write_text(report), f"wrote {out}: {', '.join(files)}"]
    if not any(file.endswith(FORMS) for file in files):
        lines.append('no figures, since matplotlib is not installed: pip install ".[plots]" brings it.')
    print_result(report, "\n".join(lines), as_json)


def find_kept(data: LatentDataset) -> dict[str, float]:
    """Return the kept skills of a release's baselines that learn from pairs (x, y), those of the null or above."""
    try:
        rows = find_rows(data.name, data.test_sha256)
    except MissingDataError:
        return {}
    own = {row.name: row.summary.skill.mean for row in rows}
    return {name: skill for name, skill in own.items() if skill >= 0 and name not in AIDED}
