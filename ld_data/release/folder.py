"""Releases on disk: find, load, verify, and publish them.

`checkpoints/<release>/` holds a manifest, `data.npz`, and the files of the models. A release is replaced by renaming
whole folders: the old one steps aside as `.<release>.previous`, the new one takes its name, the old one is deleted.
A reader that finds the name empty reads the one that stepped aside, so that a publisher killed at any moment leaves
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
from ld_data.release.manifest import MANIFEST_NAME, ArrayRecord, FileRecord, Manifest, read_manifest
from ld_data.settings import checkpoints_folder
from ld_data.storage.arrays import read_npz

DATA_NAME = "data.npz"
READ_TRIES = 10
READ_PAUSE_SECONDS = 0.01

Result = TypeVar("Result")


def list_releases(folder: Path | None = None) -> list[str]:
    """Return the names of the releases in `folder` (the checkpoints folder by default), sorted."""
    folder = folder or checkpoints_folder()
    entries = {path.parent.name for path in folder.glob(f"*/{MANIFEST_NAME}") if not path.parent.name.startswith(".")}
    stepped_aside = {
        path.parent.name[1:].removesuffix(".previous") for path in folder.glob(f".*.previous/{MANIFEST_NAME}")
    }
    return sorted(entries | stepped_aside)


def find_release(name: str | Path) -> Path:
    """Return the folder of a release, given its name in the checkpoints folder, or else the path of a folder.

    Raises `UnknownNameError` if there is none, with the names that there are.
    """
    folders = [Path(name).resolve()]
    if isinstance(name, str) and is_release_name(name):
        folders.insert(0, checkpoints_folder() / name)
    for folder in folders:
        for candidate in (folder, _previous(folder), folder):  # again: it may have taken its name in between
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

    Raises `UnknownNameError` if there is no such release, `IntegrityError` if it is not what its manifest says.
    """
    return read_settled(name, _load)


def verify(name: str | Path) -> Manifest:
    """Return the manifest of a release after checking every file's size and sha256 and every array.

    Raises `IntegrityError` naming the first file or array that differs, `UnknownNameError` if there is no release.
    """
    manifest, _ = read_settled(name, load_verified)
    return manifest


def load_verified(folder: Path) -> tuple[Manifest, LatentDataset]:
    """Return the manifest and the dataset of a release folder; each file and each array is hashed once.

    Raises `IntegrityError` naming the first file or array that differs.
    """
    return verify_files(folder), _load(folder)


def _load(folder: Path) -> LatentDataset:
    manifest = read_manifest(folder)
    path = folder / DATA_NAME
    _check_size(folder, DATA_NAME, manifest)
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
    """Return the manifest of a release folder after checking size and sha256 of its files.

    With `names`, of those among them that the manifest lists. Raises `IntegrityError` naming the first that differs.
    """
    manifest = read_manifest(folder)
    for file, expected in manifest.files.items():
        if names is not None and file not in names:
            continue
        _check_size(folder, file, manifest)
        if (received := FileRecord.of(folder / file)) != expected:
            raise IntegrityError(
                f"{folder / file} was altered: expected sha256 {expected.sha256}; received {received.sha256}. "
                "Fetch or build the release again."
            )
    return manifest


def publish(staging: Path, target: Path) -> None:
    """Give the finished folder `staging` the name `target`, replacing a release of that name whole.

    Raises `StorageError` if something else than a release has the name.
    """
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
    """Return where the finished folder `staging` now lies beside `target`, unpublished, in place of an earlier one."""
    place = _refused(target)
    if place.exists():
        shutil.rmtree(place)
    return staging.rename(place)


def check_target(target: Path) -> None:
    """Raise `StorageError` if something lies at `target` that is not a release, since publishing would delete it."""
    if target.exists() and not (target / MANIFEST_NAME).is_file():
        raise StorageError(
            f"{target} exists and is not a release, so it is not replaced. Move it, or choose another name."
        )


def check_name(name: str) -> None:
    """Raise `InputError` for a text that would not do as a release's name, in a folder and in an address."""
    if not is_release_name(name):
        raise InputError(f"a release name has lower-case letters, digits and hyphens; received {name!r}.")


def _previous(target: Path) -> Path:
    return target.parent / f".{target.name}.previous"


def _refused(target: Path) -> Path:
    return target.parent / f".{target.name}.refused"


def _check_size(folder: Path, file: str, manifest: Manifest) -> None:
    path = folder / file
    if file not in manifest.files or not path.is_file():
        raise IntegrityError(f"{folder} is not a whole release: {file} is missing. Fetch or build it again.")
    if path.stat().st_size != manifest.files[file].size:
        raise IntegrityError(
            f"{path}: expected {manifest.files[file].size} bytes; received {path.stat().st_size}. "
            "Fetch or build the release again."
        )


def _flush(folder: Path, recursive: bool = True) -> None:
    """Make the disk hold what the file system has promised, so that a rename never outruns the content."""
    for path in [*folder.iterdir(), folder] if recursive else [folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
