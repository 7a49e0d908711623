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
    """Let this process's temporary files, those of all libraries, be in a folder as of `make_temporary_folder`."""
    with make_temporary_folder() as folder:
        usual, tempfile.tempdir = tempfile.tempdir, str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = usual


def _delete_if_left(folder: Path) -> None:
    """Delete the folder of this user's process that no longer runs."""
    with suppress(OSError, Timeout):
        if folder.lstat().st_uid != os.getuid():
            return
        with FileLock(folder / LOCK, timeout=0):
            logger.info("deleting %s, which a killed process has left", folder)
            rmtree(folder, ignore_errors=True)
