"""Archives of the "Variations on the MNIST digits": the published hashes, and a check that names a wrong file."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ld_data.errors import IntegrityError
from ld_data.storage.arrays import ZIP_MAGIC
from ld_data.storage.hashing import hash_file

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


@dataclass(frozen=True)
class Publication:
    """The published archive of a set.

    Attributes:
        archive: name of the `.zip`, without the suffix.
        sha1: of the archive.
        train_file, test_file: in the archive.
        transposed: whether the images are stored column by column.
        original: name of the archive of the set before its correction; empty if it was never corrected.
    """

    archive: str
    sha1: str
    train_file: str
    test_file: str
    transposed: bool = False
    original: str = ""


PUBLICATIONS = {
    "mnist-rot": Publication(
        "mnist_rotation_new",
        "e67f72fa42029f62fd8eb92b0638c1b9761c9a63",
        "mnist_all_rotation_normalized_float_train_valid.amat",
        "mnist_all_rotation_normalized_float_test.amat",
        original="mnist_rotation",
    ),
    "mnist-back-rand": Publication(
        "mnist_background_random",
        "75e11ec966459c1162979e78ab4e21f9ab7fb5cd",
        "mnist_background_random_train.amat",
        "mnist_background_random_test.amat",
        transposed=True,
    ),
    "mnist-back-image": Publication(
        "mnist_background_images",
        "fb6fce9ed6372e0068ff7cb3e7b9e78dbda7ceae",
        "mnist_background_images_train.amat",
        "mnist_background_images_test.amat",
        transposed=True,
    ),
    "mnist-rot-back-image": Publication(
        "mnist_rotation_back_image_new",
        "902bb7e96136dd76e9f2924d7fdb9eb832f7bc33",
        "mnist_all_background_images_rotation_normalized_train_valid.amat",
        "mnist_all_background_images_rotation_normalized_test.amat",
        original="mnist_rotation_back_image",
    ),
}


def check_archive(path: Path, publication: Publication, original: bool) -> str:
    """Return the sha1 of an archive if it is the published one; else raise `IntegrityError` that names the finding.

    No hash of an original is known: any whole archive but those of the corrected sets passes.
    """
    sha1 = hash_file(path, "sha1")
    if sha1 == publication.sha1 and not original:
        return sha1
    expected = "the archive of the original" if original else f"sha1 {publication.sha1}"
    names = {known.sha1: known.archive for known in PUBLICATIONS.values()}
    if sha1 in names:
        received = f"{names[sha1]}.zip. Give it that name"
    elif (problem := _find_damage(path)) is not None:
        received = f"{problem} Fetch it again"
    elif original:
        return sha1
    else:
        correction = f"if it is the set before it was corrected, name it {publication.original}.zip"
        received = f"a whole archive with sha1 {sha1}: {correction if publication.original else 'fetch it again'}"
    raise IntegrityError(f"{path}: expected {expected}; received {received}.")


@contextmanager
def open_part(place: Path, file_name: str) -> Iterator[BinaryIO]:
    """Yield a file of a folder or of an archive; raise `IntegrityError` if the archive lacks it or is damaged."""
    if place.is_dir():
        with (place / file_name).open("rb", buffering=0) as file:
            yield file
        return
    try:
        with zipfile.ZipFile(place) as archive:
            entries = {Path(entry.filename).name: entry for entry in archive.infolist()}
            if file_name not in entries:
                raise IntegrityError(
                    f"{place}: expected {file_name} in it; received {', '.join(entries) or 'nothing'}."
                )
            with archive.open(entries[file_name]) as file:
                yield cast(BinaryIO, file)
    except DAMAGE as error:
        raise IntegrityError(f"{place}: {file_name} is damaged in the archive ({error}). Fetch it again.") from error


def _find_damage(path: Path) -> str | None:
    """Return a description of a file that is not a `.zip`, or None if it has the directory of one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(512)
    if not size:
        return "an empty file."
    if start.lstrip().startswith(b"<"):
        return f"a web page of {size} bytes, {start.strip()[:60]!r}, as a failed download leaves it."
    if not start.startswith(ZIP_MAGIC):
        return f"no zip archive but {size} bytes that begin with {start[:8]!r}."
    try:
        zipfile.ZipFile(path).close()
    except zipfile.BadZipFile:
        return f"a truncated archive: {size} bytes without the directory at its end."
    return None
