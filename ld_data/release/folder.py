"""Releases on disk: find, load and verify them.

`checkpoints/<release>/` holds a manifest, `data.npz`, and the files of the models. A reader that finds no folder of the
name reads `.<release>.previous`, where `ld_data.release.publication` puts it.
"""

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from ld_data.checks import MAX_ECHO, check_vectors, is_release_name
from ld_data.errors import InputError, IntegrityError, LdDataError, StorageError, UnknownNameError
from ld_data.release.dataset import LatentDataset, subset
from ld_data.release.manifest import (
    MANIFEST_NAME,
    RESTORE,
    SHIFT_FILE,
    ArrayRecord,
    Manifest,
    ReadRecords,
    read_manifest,
    read_records,
)
from ld_data.settings import CHECKPOINTS_VARIABLE, checkpoints_folder
from ld_data.storage.arrays import read_npy, read_npz
from ld_data.typing import Array

DATA_NAME = "data.npz"
PREVIOUS = ".previous"
SCHEMES = ("http://", "https://")
READ_TRIES = 10
READ_PAUSE_SECONDS = 0.01

Result = TypeVar("Result")
_READERS = {MANIFEST_NAME: partial(read_records, names=(DATA_NAME,))}


def list_releases(folder: Path | None = None) -> list[str]:
    """Return the names of the releases in `folder` (the checkpoints folder by default), sorted."""
    folder = folder or checkpoints_folder()
    names = {path.parent.name for path in folder.glob(f"*/{MANIFEST_NAME}")}
    return sorted({target for name in names if not (target := name_target(folder / name).name).startswith(".")})


def find_release(name: str | Path) -> Path:
    """Return the folder of a release, by its name in the checkpoints folder or by the path of a folder.

    Raises:
        UnknownNameError: there is no such release; the message lists the known names.
    """
    folders = [Path(name).resolve()] if "\0" not in str(name) else []
    if isinstance(name, str) and is_release_name(name):
        folders.insert(0, checkpoints_folder() / name)
    for folder in folders:
        for candidate in (folder, name_previous(folder), folder):  # again: a publisher may have renamed it in between
            if os.path.isdir(candidate):  # false also for a name that is too long
                return candidate
    place = checkpoints_folder() if str(name) == Path(name).name or not folders else folders[-1].parent
    known = ", ".join(list_releases(place)) or "none"
    raise UnknownNameError(
        f"no release {str(name)!r} in {place}. There: {known}. "
        "Build one with `python -m ld_data build SOURCE`, or fetch one with `python -m ld_data download NAME`; "
        f"{CHECKPOINTS_VARIABLE} names another folder of releases, as that of a clone."
    )


def load(name: str | Path, *, rows: int | None = None) -> LatentDataset:
    """Return the latent dataset of a release, by name, folder or address, every array checked by the manifest's hash.

    With `rows`, it has the first training rows alone, for quick trials (`ld_data.subset`). An address names a release
    of a service, `http://HOST/v1/datasets/NAME`, or a served folder with a manifest.json: only the data are fetched,
    and kept in the cache folder.

    Raises:
        InputError: as `ld_data.subset`.
        UnknownNameError: there is no such release.
        IntegrityError: the release differs from its manifest.
        DownloadError: the address does not deliver.
        MissingDataError: `LD_DATA_OFFLINE` forbids the download, and the cache does not hold the data.
    """
    place = fetch_if_address(name, _READERS, "data")
    address = None if place == name else name
    data = read_settled(place, lambda folder: _load(folder, read_manifest(folder), address))
    return data if rows is None else subset(data, rows)


def fetch_if_address(name: str | Path, readers: Mapping[str, ReadRecords], kind: str) -> str | Path:
    """Return a name or folder as it is; for an address, the folder of `ld_data.release.address.fetch_folder`."""
    if not (isinstance(name, str) and name.startswith(SCHEMES)):
        return name
    from ld_data.release.address import fetch_folder  # late: the HTTP client takes 0.1 s to import

    return fetch_folder(name, readers, kind)


def verify(name: str | Path) -> Manifest:
    """Return the manifest of a release after checking every file's size and sha256 and every array.

    Raises:
        UnknownNameError: there is no such release.
        IntegrityError: a file or an array differs; the message names the first one.
    """
    return load_verified(name)[0]


def load_verified(name: str | Path) -> tuple[Manifest, LatentDataset]:
    """Return the manifest and the dataset of a release; raises as `verify`."""
    return read_settled(name, read_verified)


def read_verified(folder: Path) -> tuple[Manifest, LatentDataset]:
    """Return the manifest and the dataset of a release folder; each file and each array is hashed once."""
    manifest = verify_files(folder)
    return manifest, _load(folder, manifest)


def _load(folder: Path, manifest: Manifest, address: str | Path | None = None) -> LatentDataset:
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
    target = name_target(folder).resolve()
    is_known = target.parent == checkpoints_folder().resolve()
    place = str(address or (target.name if is_known else target))
    return replace(data, read_shift=partial(read_shift, address or target, manifest), place=place)


def read_shift(place: str | Path, manifest: Manifest, shift: str) -> Array:
    """Return the x `(n, d)` float32 of a shifted test set, from the folder or address of its release.

    Raises:
        IntegrityError: the file differs from the manifest.
        LdDataError: as `load`.
    """
    file = SHIFT_FILE.format(shift)
    folder = fetch_if_address(place, {MANIFEST_NAME: partial(read_records, names=(file,))}, "data")

    def read(folder: Path) -> Array:
        manifest.files[file].check(folder / file, "release")
        x = read_npy((folder / file).read_bytes())
        if x.shape != (expected := manifest.arrays["x_test"].shape):
            raise IntegrityError(f"{folder / file}: expected the shape {expected}; received {x.shape}. {RESTORE}")
        return check_vectors(x, manifest.latent_dim, file)

    return read_settled(folder, read)


def read_settled(name: str | Path, read: Callable[[Path], Result]) -> Result:
    """Return `read(folder)` for a release's folder; read again if a publisher replaced the folder meanwhile.

    Raises:
        UnknownNameError: there is no such release.
        StorageError: a file cannot be read.
        LdDataError: as `read` does.
    """
    number = 0
    while True:
        number += 1
        folder = find_release(name)
        identity = _identify(folder)
        try:
            return read(folder)
        except (LdDataError, OSError) as error:
            may_pass = isinstance(error, IntegrityError | FileNotFoundError) and number < READ_TRIES
            if may_pass and identity != _identify(find_release(name)):
                time.sleep(READ_PAUSE_SECONDS * number)
                continue
            if isinstance(error, LdDataError):
                raise
            raise StorageError(
                f"could not read the release {folder}: {error}. Check its files and permissions."
            ) from error


def check_settled(folder: Path, manifest: Manifest) -> None:
    """Raise `IntegrityError` if a folder that was read in several steps now holds another release."""
    if read_manifest(folder) != manifest:
        raise IntegrityError(f"{folder} was replaced by another release while it was read. Read it again.")


def _identify(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
        return status.st_ino, status.st_ctime_ns
    except OSError:
        return None


def verify_files(folder: Path, names: Collection[str] | None = None) -> Manifest:
    """Return the manifest of a folder if its files, or those in `names`, are as it says; or raise `IntegrityError`."""
    manifest = read_manifest(folder)
    for file, record in manifest.files.items():
        if names is None or file in names:
            record.check(folder / file, "release")
    return manifest


def check_name(name: str) -> None:
    """Raise `InputError` unless a text can be a release's name, as a folder and in an address."""
    if not is_release_name(name):
        raise InputError(
            f"a release name has lower-case letters, digits and hyphens, at most 100; received {name!r:.{MAX_ECHO}}."
        )


def name_previous(target: Path) -> Path:
    """Return the place to which a release steps aside while it is replaced."""
    return target.parent / f".{target.name}{PREVIOUS}"


def name_target(folder: Path) -> Path:
    """Return the place of a release that is in a folder of `find_release`: its own, or another while it is replaced."""
    name = folder.name
    is_previous = name.startswith(".") and name.endswith(PREVIOUS)
    return folder.with_name(name[1:].removesuffix(PREVIOUS)) if is_previous else folder
