"""A folder to write a release or a file in, beside its final place, for one writer at a time.

The lock is on the folder itself, not on a lock file beside it: it ends with the process and leaves no file behind.
"""

import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

from ld_data.errors import InputError, LdDataError, StorageError

STAGED = ".writing"  # ends the name of the folder of a writer
TRIES = 3  # to lock a folder that other processes rename


def wait_for_lock(descriptor: int, action: str) -> None:
    """Lock an open file or folder; while another process holds the lock, wait, and name its `action` on stderr."""
    if not lock_descriptor(descriptor, blocking=False):
        print(f"waiting for another process that is {action}", file=sys.stderr)
        lock_descriptor(descriptor)


def has_name(descriptor: int, path: Path) -> bool:
    """Return whether an open file or folder is still the one at `path`: another process may have renamed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@contextmanager
def make_staging_folder(parent: Path, name: str, *, wait: bool = False) -> Iterator[Path]:
    """Yield an empty folder in `parent` for this writer alone; it is deleted afterwards unless it was renamed.

    The leftovers of a killed writer are deleted first. With `wait`, another writer of `name` may finish first.

    Raises:
        StorageError: another process is writing `name`, and `wait` is false; or the disk refuses, in this function or
            inside the `with` block.
    """
    folder = parent.resolve() / f".{name}{STAGED}"
    try:
        lock = _lock(folder, name, wait)
        try:
            for entry in folder.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            yield folder
        finally:
            if has_name(lock, folder):  # else the folder was renamed, and the name may belong to another writer
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
    """Yield the path of a draft that replaces the file at `path` when the block ends.

    Missing folders are made, and another writer of the file may finish first. After an error the older file is
    unchanged. Raises `StorageError` if the disk refuses.
    """
    with make_staging_folder(path.parent, path.name, wait=True) as staging:
        yield staging / path.name
        take_place(staging / path.name, path)


def check_new_folder(folder: Path) -> None:
    """Raise `InputError` unless nothing has the name of a new folder, or an empty folder."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not overwritten. Choose another name, or empty it first.")


@contextmanager
def stage_new_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder that gets the name `target` after the block.

    Raises as `check_new_folder`, and `StorageError` if the disk refuses.
    """
    check_new_folder(target)
    with make_staging_folder(target.parent, target.name) as staging:
        yield staging
        take_place(staging, target)


def take_place(draft: Path, place: Path) -> None:
    """Give a finished file or folder its name: its content is on the disk before, and its name afterwards."""
    flush_content(draft)
    draft.replace(place)
    _flush(place.parent)


def flush_content(path: Path) -> None:
    """Wait until a file, or a folder with all that it holds, is on the disk."""
    for part in [*path.rglob("*"), path] if path.is_dir() else [path]:
        _flush(part)


def check_new_file(path: Path) -> None:
    """Raise `InputError` unless a file can be written: its folder exists, and the file does not."""
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent} to write {path.name} into. Make it first.")
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} exists and is not overwritten. Choose another name.")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(folder: Path, name: str, wait: bool) -> int:
    """Return the descriptor of the folder, created if missing and locked; closing the descriptor ends the lock."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for _ in itertools.count() if wait else range(TRIES):  # any number of other writers may go first
        with suppress(FileExistsError):  # `exist_ok` raises it where another writer deletes the folder at this moment
            folder.mkdir()
        with ExitStack() as opened:
            try:
                descriptor = os.open(folder, os.O_RDONLY)
            except FileNotFoundError:  # another writer has just deleted the folder
                continue
            opened.callback(os.close, descriptor)
            if wait:
                wait_for_lock(descriptor, f"writing {name} in {folder.parent}")
            elif not lock_descriptor(descriptor, blocking=False):
                raise StorageError(
                    f"another process is writing {name} in {folder.parent}. Wait for it to end, then try again."
                )
            if has_name(descriptor, folder):  # else another writer has just renamed the folder: make a new one
                opened.pop_all()
                return descriptor
    raise StorageError(f"{folder} is renamed again and again by other processes. Try again later.")
