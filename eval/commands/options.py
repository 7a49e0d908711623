"""Options of the commands that train models, and their checks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from eval.classifiers.tables import CLASSIFIERS
from eval.jobs.calls import Runner
from ld_data.checks import check_integer
from ld_data.cli.options import Cluster, complete_releases
from ld_data.errors import InputError
from ld_data.extras import check_libraries
from ld_data.sources.catalogue import SOURCES
from ld_data.storage.staging import stage_file
from ld_data.work.workers import open_workers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Classifier = Annotated[str, Parameter(choices=CLASSIFIERS, help="The classifier.")]
Inputs = Annotated[
    str, Parameter(completer=lambda typed: [*SOURCES, *complete_releases(typed)], help="A source, or a release: its x.")
]
FirstSeed = Annotated[int, Parameter(help="The first seed.")]
SeedCount = Annotated[int, Parameter(help="The number of seeds.")]
Kept = Annotated[bool, Parameter(help="Fit nothing: print the kept figures, of whatever seeds.")]
DrawnFile = Annotated[Path | None, Parameter(metavar="FILE", help="Draw the result into this .png, .svg or .pdf.")]
SUFFIXES = (".png", ".svg", ".pdf")
Names = Annotated[tuple[str, ...] | None, Parameter(consume_multiple=(1, None))]


@dataclass(frozen=True)
class InputOptions:
    """Changes to the inputs of a classifier.

    Attributes:
        decoded: Use the decoded x of the release.
        shuffled: Put pixels or points into another order.
        limit_train: Train on the first rows alone.
    """

    decoded: bool = False
    shuffled: bool = False
    limit_train: Annotated[int | None, Parameter(metavar="ROWS")] = None


@dataclass(frozen=True)
class WorkOptions:
    """The workers of a command.

    Attributes:
        jobs: How many to work on at the same time.
        trials: A folder that gets a file for each finished trial; those that it holds are not made again.
    """

    jobs: int | None = None
    cluster: Cluster = None
    trials: Annotated[Path | None, Parameter(metavar="DIR")] = None


Work = Annotated[WorkOptions, Parameter(name="*")]


@contextmanager
def open_runner(work: WorkOptions, jobs: int = 1) -> Iterator[Runner]:
    """Yield what runs the calls of a command, by default with so many jobs; raises as `open_workers`."""
    with open_workers(jobs if work.jobs is None else work.jobs, work.cluster) as workers:
        yield Runner(workers, work.trials)


def choose_seeds(first: int, count: int) -> range:
    """Return `count` seeds from `first` on; raise `InputError` if one of them is out of range."""
    first = check_integer("seed", first, 0, 2**32 - 1)
    return range(first, first + check_integer("seeds", count, 1, 1000))


def prepare_out(path: Path, name: str) -> None:
    """Make the folder of a file that a command writes, as `name`; raise `InputError` if the file is a folder."""
    if path.is_dir():
        raise InputError(f"--out must name a file; {path} is a folder. Try {path / name}.")
    path.parent.mkdir(parents=True, exist_ok=True)


def check_figure(path: Path | None, option: str = "--figure") -> None:
    """Raise an error if a figure is wished for that cannot be written.

    Raises:
        InputError: its file has another suffix than `SUFFIXES`.
        MissingLibraryError: matplotlib is not installed.
    """
    if path is not None:
        check_libraries("matplotlib")
        if path.suffix not in SUFFIXES:
            raise InputError(f"{option} must end in {', '.join(SUFFIXES)}; received {path}.")


def save_figure(name: str, values: object, path: Path) -> None:
    """Write what a `module:function` of `eval.report.output` draws of values, in the form of the path's suffix."""
    draw: Callable[[object], Figure] = resolve_name(f"eval.report.output.{name}")  # matplotlib takes 1 s
    with stage_file(path) as draft:
        draw(values).savefig(draft, dpi=150)
