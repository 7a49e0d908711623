"""Publishing releases: one writer at a time, and a folder that holds either the old release or the new one.

A release is replaced by renaming whole folders: the old one is renamed to `.<release>.previous`, the new one takes its
name, the old one is deleted. A reader that finds no folder of the name reads `.<release>.previous`, so that a publisher
killed at any moment leaves either the old release or the new one.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ld_data.errors import InputError, IntegrityError, StorageError
from ld_data.release.folder import find_release, name_previous, name_target, verify
from ld_data.release.manifest import MANIFEST_NAME, FileRecord, Manifest, read_manifest
from ld_data.storage.staging import flush_content, make_staging_folder, take_place


@contextmanager
def stage_release(target: Path, *, wait: bool = False) -> Iterator[Path]:
    """Yield an empty folder to write the release `target` in, for this writer alone; raises as `make_staging_folder`.

    The leftovers of a killed writer are put right first, so that the block finds in `target` the release that it
    replaces. The folder lies in the locked one: its new name does not end the lock.
    """
    with make_staging_folder(target.parent, target.name, wait=wait) as locked:
        _heal(target)
        staging = locked / target.name
        staging.mkdir()
        yield staging


def amend_release(
    name: str | Path, measured: Mapping[str, FileRecord], change: Callable[[Manifest, Path], Manifest]
) -> Path:
    """Return the folder of a release after changing it; another writer of the release may finish first.

    Args:
        name: of the release, or its folder.
        measured: the files that the change was measured on.
        change: returns the new manifest for the old one and a folder with copies of the files, which it may change.

    Raises:
        UnknownNameError: there is no such release.
        IntegrityError: the release is damaged, or was replaced since it was measured; nothing has changed.
        StorageError: the disk refuses; nothing has changed.
    """
    target = name_target(find_release(name))
    with stage_release(target, wait=True) as staging:
        manifest = verify(target)
        if manifest.files != measured:
            raise IntegrityError(
                f"{target} was replaced by another release while it was measured, and stays as it is. Measure it again."
            )
        for file in manifest.files:
            shutil.copyfile(target / file, staging / file)
        (staging / MANIFEST_NAME).write_text(change(manifest, staging).to_json(), "utf-8")
        verify(staging)
        publish(staging, target)
    return target


def publish(staging: Path, target: Path) -> None:
    """Give the finished folder `staging` of `stage_release` the name `target`, replacing a release of that name whole.

    The disk has all of the new release before the old one steps aside.
    """
    check_target(target)
    previous = name_previous(target)
    flush_content(staging)
    if target.exists():
        target.rename(previous)
    take_place(staging, target)
    for superseded in (previous, _refused(target)):
        _delete(superseded)


def set_aside(staging: Path, target: Path) -> Path:
    """Return the place beside `target` to which the finished folder `staging` is moved, unpublished."""
    place = _refused(target)
    _delete(place)
    take_place(staging, place)
    return place


def _heal(target: Path) -> None:
    """Put right what a writer left that was killed while it published: needs the lock of `stage_release`."""
    previous = name_previous(target)
    if not previous.exists():
        return
    if target.exists():
        _delete(previous)
    else:
        previous.rename(target)


def _delete(folder: Path) -> None:
    """Delete a folder as far as the disk permits, or the link to a release that lies elsewhere, which stays."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def check_target(target: Path) -> None:
    """Raise `StorageError` if publishing at `target` would delete anything but a release."""
    if target.exists() and not (target / MANIFEST_NAME).is_file():
        raise StorageError(
            f"{target} exists and is not a release, so it is not replaced. Move it, or choose another name."
        )


def check_source(target: Path, source: Mapping[str, str]) -> None:
    """Check that a release of a source may take the place of what is at `target`: nothing, or one of the same source.

    Raises:
        InputError: there is a release of another source: two names of files can make the same name of a release.
        IntegrityError: the manifest there cannot be read.
    """
    if not (target / MANIFEST_NAME).exists():
        return
    here = read_manifest(target).source
    if any(here[fact] != source[fact] for fact in ("name", "sha256")):
        raise InputError(
            f"{target} is a release of another source: there of {here['name']} with the sha256 {here['sha256']}, here "
            f"of {source['name']} with {source['sha256']}. Choose another name, or replace it with --replace."
        )


def _refused(target: Path) -> Path:
    return target.parent / f".{target.name}.refused"
