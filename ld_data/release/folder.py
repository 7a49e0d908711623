"""Releases on disk: find, load, verify, and publish them.

`checkpoints/<release>/` holds a manifest, `data.npz`, and the files of the models. A release is replaced by renaming
whole folders: the old one is renamed to `.<release>.previous`, the new one takes its name, the old one is deleted. A
reader that finds no folder of the name reads `.<release>.previous`, so that a publisher killed at any moment leaves
either the old release or the new one.
"""

import os
import shutil
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from ld_data.checks import is_release_name
from ld_data.errors import InputError, IntegrityError, StorageError, UnknownNameError
from ld_data.release.dataset import LatentDataset
from ld_data.release.manifest import MANIFEST_NAME, RESTORE, ArrayRecord, Manifest, read_manifest
from ld_data.settings import checkpoints_folder
from ld_data.storage.arrays import read_npz

DATA_NAME = "data.npz"
READ_TRIES = 10
READ_PAUSE_SECONDS = 0.01

Result = TypeVar("Result")


def list_releases(folder: Path | None = None) -> list[str]:
    """Return the names of the releases in `folder` (the checkpoints folder by default), sorted."""
    folder = folder or checkpoints_folder()
    names = {path.parent.name for path in folder.glob(f"*/{MANIFEST_NAME}")}
    stepped_aside = {
        name[1:].removesuffix(".previous") for name in names if name[0] == "." and name.endswith(".previous")
    }
    return sorted({name for name in names if not name.startswith(".")} | stepped_aside)


def find_release(name: str | Path) -> Path:
    """Return the folder of a release, by its name in the checkpoints folder or by the path of a folder.

    Raises:
        UnknownNameError: there is no such release; the message lists the known names.
    """
    folders = [Path(name).resolve()]
    if isinstance(name, str) and is_release_name(name):
        folders.insert(0, checkpoints_folder() / name)
    for folder in folders:
        for candidate in (folder, _previous(folder), folder):  # again: a publisher may have renamed it in between
            if candidate.is_dir():
                return candidate
    place = checkpoints_folder() if str(name) == Path(name).name else folders[0].parent
    known = ", ".join(list_releases(place)) or "none"
    raise UnknownNameError(
        f"no release {str(name)!r} in {place}. There: {known}. "
        "Build one with `python -m ld_data build SOURCE`, or fetch one with `python -m ld_data download NAME`."
    )


def load(name: str | Path) -> LatentDataset:
    """Return the latent dataset of a release, by name or folder, every array checked against the manifest's hash.

    Raises:
        UnknownNameError: there is no such release.
        IntegrityError: the release differs from its manifest.
    """
    return read_settled(name, _load)


def verify(name: str | Path) -> Manifest:
    """Return the manifest of a release after checking every file's size and sha256 and every array.

    Raises:
        UnknownNameError: there is no such release.
        IntegrityError: a file or an array differs; the message names the first one.
    """
    manifest, _ = read_settled(name, load_verified)
    return manifest


def load_verified(folder: Path) -> tuple[Manifest, LatentDataset]:
    """Return the manifest and the dataset of a release folder; each file and each array is hashed once."""
    return verify_files(folder), _load(folder)


def _load(folder: Path) -> LatentDataset:
    manifest = read_manifest(folder)
    path = folder / DATA_NAME
    if DATA_NAME not in manifest.files:
        raise IntegrityError(f"{folder} is not a whole release: its manifest does not list {DATA_NAME}. {RESTORE}")
    manifest.files[DATA_NAME].check_size(path, "release")
    arrays = read_npz(path)
    if set(arrays) != set(manifest.arrays):
        raise IntegrityError(f"{path}: expected the arrays {sorted(manifest.arrays)}; received {sorted(arrays)}.")
    for array_name, expected in manifest.arrays.items():
        if (received := ArrayRecord.of(arrays[array_name])) != expected:
            raise IntegrityError(f"{path}: {array_name} was altered: expected {expected}; received {received}.")
    data = LatentDataset.from_arrays(manifest.name, arrays, manifest)
    if (data.latent_dim, data.classes) != (manifest.latent_dim, manifest.classes):
        raise IntegrityError(
            f"{folder}: the manifest says d = {manifest.latent_dim} and k = {manifest.classes}; the arrays have "
            f"{data.latent_dim} and {data.classes}. Fetch or build the release again."
        )
    return data


def read_settled(name: str | Path, read: Callable[[Path], Result]) -> Result:
    """Return `read(folder)` for a release's folder; read again if a publisher replaced the folder meanwhile."""
    for number in range(READ_TRIES - 1):
        time.sleep(READ_PAUSE_SECONDS * number)
        folder = find_release(name)
        identity = _identify(folder)
        try:
            return read(folder)
        except (IntegrityError, FileNotFoundError):
            if identity == _identify(find_release(name)):
                raise
    return read(find_release(name))


def _identify(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
        return status.st_ino, status.st_ctime_ns
    except FileNotFoundError:
        return None


def verify_files(folder: Path, names: Collection[str] | None = None) -> Manifest:
    """Return the manifest of a folder if its files, or those in `names`, are as it says; or raise `IntegrityError`."""
    manifest = read_manifest(folder)
    for file, record in manifest.files.items():
        if names is None or file in names:
            record.check(folder / file, "release")
    return manifest


def publish(staging: Path, target: Path) -> None:
    """Give the finished folder `staging` the name `target`, replacing a release of that name whole."""
    check_target(target)
    previous = _previous(target)
    if previous.exists():  # an earlier publisher was killed
        if target.exists():
            shutil.rmtree(previous)
        else:
            previous.rename(target)
    _flush(staging)
    if target.exists():
        target.rename(previous)
    staging.rename(target)
    _flush(target.parent, recursive=False)
    for superseded in (previous, _refused(target)):
        shutil.rmtree(superseded, ignore_errors=True)


def set_aside(staging: Path, target: Path) -> Path:
    """Return the place beside `target` to which the finished folder `staging` is moved, unpublished."""
    place = _refused(target)
    if place.exists():
        shutil.rmtree(place)
    return staging.rename(place)


def check_target(target: Path) -> None:
    """Raise `StorageError` if publishing at `target` would delete anything but a release."""
    if target.exists() and not (target / MANIFEST_NAME).is_file():
        raise StorageError(
            f"{target} exists and is not a release, so it is not replaced. Move it, or choose another name."
        )


def check_name(name: str) -> None:
    """Raise `InputError` unless a text can be a release's name, as a folder and in an address."""
    if not is_release_name(name):
        raise InputError(f"a release name has lower-case letters, digits and hyphens; received {name!r}.")


def _previous(target: Path) -> Path:
    return target.parent / f".{target.name}.previous"


def _refused(target: Path) -> Path:
    return target.parent / f".{target.name}.refused"


def _flush(folder: Path, recursive: bool = True) -> None:
    """Flush files and folder to the disk, so that a rename is never stored before the content."""
    for path in [*folder.iterdir(), folder] if recursive else [folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
