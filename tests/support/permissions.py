"""Folders that the process may not read, also where the tests run as root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OTHER_USER = 65534


@contextmanager
def forbid(folder: Path) -> Iterator[None]:
    """Forbid this process to read a folder in this block; root becomes another user meanwhile."""
    is_root = os.geteuid() == 0
    folder.chmod(0)
    if is_root:
        os.setresuid(OTHER_USER, OTHER_USER, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o700)
