"""Places in which a file may be, but need not: a search passes over those that cannot be read."""

from pathlib import Path


def is_readable(path: Path) -> bool:
    """Return whether a file is there and can be read; no error of the system, such as a forbidden folder, is raised."""
    try:
        if not path.is_file():
            return False
        with path.open("rb"):
            return True
    except OSError:
        return False
