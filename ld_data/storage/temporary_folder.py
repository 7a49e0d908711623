"""A folder for the temporary files of a process, which the next process deletes if this one was killed."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from filelock import FileLock, Timeout

PREFIX = "ld-data-process-"
VARIABLE = "TMPDIR"  # read by processes that start
LOCK = "lock"  # in the folder, held as long as the process runs

logger = logging.getLogger(__name__)


@contextmanager
def make_temporary_folder() -> Iterator[Path]:
    """Yield a new folder, deleted afterwards; first delete those of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _delete_if_left(folder)
    lock = None
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))  # another start does not find it before it is locked
        folder = draft.with_name(draft.name.removeprefix("."))
        lock = FileLock(draft / LOCK)
        lock.acquire()
        draft.rename(folder)
        yield folder
    finally:
        if lock is not None:
            lock.release()
            rmtree(folder, ignore_errors=True)


@contextmanager
def use_temporary_folder() -> Iterator[None]:
    """Let the temporary files of this process, its libraries and its children be in a `make_temporary_folder`."""
    with make_temporary_folder() as folder:
        usual, variable = tempfile.tempdir, os.environ.get(VARIABLE)
        tempfile.tempdir = os.environ[VARIABLE] = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = usual
            os.environ.pop(VARIABLE)
            if variable is not None:
                os.environ[VARIABLE] = variable


def _delete_if_left(folder: Path) -> None:
    """Delete the folder of this user's process that no longer runs."""
    with suppress(OSError, Timeout):
        if folder.lstat().st_uid != os.getuid():
            return
        with FileLock(folder / LOCK, timeout=0):
            logger.info("deleting %s, which a killed process has left", folder)
            rmtree(folder, ignore_errors=True)
