"""The costs of tasks, in turns: ours, the same by hand, and those of another commit."""

import json
import os
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ld_data.cli.table import format_table
from ld_data.errors import InputError
from ld_data.settings import CHECKPOINTS_VARIABLE, checkpoints_folder
from ld_data.work.cluster import THREADS

SCRIPT = Path(__file__).with_name("tasks.py")
ROOT = SCRIPT.parents[2]
TASKS = ("load", "evaluate", "compare", "ladder", "train", "trees", "report", "build", "generate")
OURS, BY_HAND = "ours", "by hand"
SLOWER = 1.1  # times the processor time of another commit

Costs = dict[str, dict[str, dict[str, float]]]  # the median of each measure, by way and task


def measure_costs(names: Sequence[str], turns: int, against: str | None, say: Callable[[str], None]) -> Costs:
    """Return the costs of tasks by task, way and measure, each in a process with one thread.

    Measures are `seconds` of the clock, `processor` seconds and `megabytes` at most. The ways are "ours", "by hand"
    for the tasks that have it, and the revision `against`. All take turns, so that disturbances hit all alike.

    Raises:
        InputError: there is no such revision, or a task failed.
    """
    found: dict[str, dict[str, list[dict[str, float]]]] = {name: {} for name in names}
    with _open_revision(against) as other:
        for turn in range(turns):
            for name in names:
                say(f"{name}, turn {turn + 1} of {turns}")
                for way in (OURS, BY_HAND, *([against] if against else ())):
                    costs = _run_task(name, BY_HAND if way == BY_HAND else OURS, other if way == against else ROOT)
                    if costs:
                        found[name].setdefault(way, []).append(costs)
    return {
        name: {
            way: {measure: statistics.median(turn[measure] for turn in its) for measure in its[0]}
            for way, its in ways.items()
        }
        for name, ways in found.items()
    }


@contextmanager
def _open_revision(revision: str | None) -> Iterator[Path]:
    """Yield a folder with the files of a revision."""
    with TemporaryDirectory(prefix="ld-data-revision-") as folder:
        if revision is not None:
            archive = Path(folder) / "files.tar"
            command = ("git", "archive", "--output", str(archive), revision, "ld_data", "eval", "vae", "api")
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                raise InputError(f"--against must name a commit of this clone; `git archive`: {done.stderr.strip()}")
            with tarfile.open(archive) as files:
                files.extractall(folder, filter="data")
        yield Path(folder)


def _run_task(name: str, way: str, root: Path) -> dict[str, float] | None:
    threads = {variable: str(count) for variable, count in THREADS.items()}
    own = {"PYTHONPATH": str(root), CHECKPOINTS_VARIABLE: str(checkpoints_folder()), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = (sys.executable, "-P", str(SCRIPT), name, way)
    done = subprocess.run(command, env=os.environ | threads | own, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise InputError(f"the task {name} failed: {done.stderr.strip().rpartition(os.linesep)[2]}")
    costs: dict[str, float] | None = json.loads(done.stdout)
    return costs


def describe_costs(costs: Costs, against: str | None = None) -> str:
    """Return the costs as a table; `times` are our processor time by that of the way before."""
    others, rows = (BY_HAND, *([against] if against else ())), []
    for name, ways in costs.items():
        ours = ways[OURS]
        row = [name, f"{ours['seconds']:.3g}", f"{ours['processor']:.3g}", f"{ours['megabytes']:.0f}"]
        for way in others:
            found = [f"{ways[way]['processor']:.3g}", f"{compare(ways, way):.2f}"] if way in ways else ["", ""]
            row += found
        rows.append(row)
    titles = ("task", "s", "processor s", "MB", *(title for way in others for title in (way, "times")))
    return format_table(titles, rows, "l" + "r" * (len(titles) - 1))


def compare(ways: Mapping[str, Mapping[str, float]], way: str) -> float:
    """Return our processor time by that of another way."""
    return ways[OURS]["processor"] / ways[way]["processor"]
