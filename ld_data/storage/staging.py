"""A folder to write a release or a file in, beside its final place, for one writer at a time."""

import fcntl
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ld_data.errors import InputError, LdDataError, StorageError


def take_lock(descriptor: int) -> bool:
    """Return whether an open file or folder is locked by this descriptor now: not if another one holds the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(descriptor: int, deed: str) -> None:
    """Lock an open file or folder, once nobody else has it locked; stderr tells whose `deed` is waited for."""
    if not take_lock(descriptor):
        print(f"waiting for another process that is {deed}", file=sys.stderr)
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def has_name(descriptor: int, path: Path) -> bool:
    """Return whether an open file or folder is the one at `path`: not if it was renamed or deleted since."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


TRIES = 3


@contextmanager
def make_staging_folder(parent: Path, name: str, *, wait: bool = False) -> Iterator[Path]:
    """Yield an empty folder in `parent` that no other process writes in, and that is gone afterwards if still there.

    What a killed writer left is cleared first: its lock went with it. Raises `StorageError` if another process is
    writing `name`, or, with `wait`, waits for it to end; and when the disk refuses, in this function or inside the
    `with` block.
    """
    folder = parent.resolve() / f".{name}.writing"
    try:
        lock = _lock(folder, name, wait)
        try:
            for entry in folder.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            yield folder
        finally:
            if has_name(lock, folder):  # else ours was renamed, and the name may be another writer's by now
                shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
    except LdDataError:
        raise
    except OSError as error:
        raise StorageError(
            f"could not write {name} in {parent}: {error}. Nothing was replaced; "
            "free some space or choose another folder, then try again."
        ) from error


@contextmanager
def stage_file(path: Path) -> Iterator[Path]:
    """Yield where to write a file that takes its place at `path` when the block ends, instead of an older one.

    Missing folders are made. An older file is replaced only by a whole one: after an error nothing has changed. Raises
    what `make_staging_folder` raises.
    """
    with make_staging_folder(path.parent, path.name) as staging:
        yield staging / path.name
        (staging / path.name).replace(path)


def check_new_file(path: Path) -> None:
    """Raise `InputError` if the folder of a file that is to be written is not there, or if the file is."""
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent} to write {path.name} into. Make it first.")
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} exists and is not overwritten. Choose another name.")


def _lock(folder: Path, name: str, wait: bool) -> int:
    """Return the descriptor of the folder, made if need be and locked; the lock ends with the descriptor."""
    for _ in itertools.count() if wait else range(TRIES):  # who waits may see any number of others go first
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            try:
                descriptor = os.open(folder, os.O_RDONLY)
            except FileNotFoundError:  # another writer has just cleared it away
                continue
            opened.callback(os.close, descriptor)
            if wait:
                wait_for_lock(descriptor, f"writing {name} in {folder.parent}")
            elif not take_lock(descriptor):
                raise StorageError(
                    f"another process is writing {name} in {folder.parent}. Wait for it to end, then try again."
                )
            if has_name(descriptor, folder):  # else another writer has just finished, and ours is the release by now
                opened.pop_all()
                return descriptor
    raise StorageError(f"{folder} is renamed again and again by other processes. Try again later.")
