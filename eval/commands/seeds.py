"""The seeds, jobs and files of commands that train several times."""

from pathlib import Path

from ld_data.checks import check_integer
from ld_data.errors import InputError

MAX_SEEDS, MAX_JOBS = 1000, 1000


def choose_seeds(first: int, count: int, jobs: int) -> range:
    """Return `count` seeds from `first` on.

    Raises:
        InputError: the number of seeds or of jobs is out of range.
    """
    check_integer("jobs", jobs, 1, MAX_JOBS)
    check_integer("seeds", count, 1, MAX_SEEDS)
    return range(first, first + count)


def prepare_out(path: Path, name: str) -> None:
    """Make the folder of a file that a command writes; `name` is an example.

    Raises:
        InputError: the path is a folder.
    """
    if path.is_dir():
        raise InputError(f"--out must name a file; {path} is a folder. Try {path / name}.")
    path.parent.mkdir(parents=True, exist_ok=True)
