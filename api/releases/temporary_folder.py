"""The folder of a service for temporary files, which the next start deletes if the service was killed."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp

from filelock import FileLock, Timeout

PREFIX = "ld-data-service-"
LOCK = "lock"  # in the folder, held as long as the service runs

logger = logging.getLogger(__name__)


@contextmanager
def make_temporary_folder() -> Iterator[Path]:
    """Yield a new folder, deleted afterwards; first delete those of services that were killed."""
    for folder in Path(gettempdir()).glob(f"{PREFIX}*"):
        _delete_if_left(folder)
    lock = None
    try:
        draft = Path(mkdtemp(prefix=f".{PREFIX}"))  # another start does not find it before it is locked
        folder = draft.with_name(draft.name.removeprefix("."))
        lock = FileLock(draft / LOCK)
        lock.acquire()
        draft.rename(folder)
        yield folder
    finally:
        if lock is not None:
            lock.release()
            rmtree(folder, ignore_errors=True)


def _delete_if_left(folder: Path) -> None:
    """Delete the folder of this user's service that no longer runs."""
    with suppress(OSError, Timeout):
        if folder.lstat().st_uid != os.getuid():
            return
        with FileLock(folder / LOCK, timeout=0):
            logger.info("deleting %s, which a killed service has left", folder)
            rmtree(folder, ignore_errors=True)
