"""The published "Variations on the MNIST digits": found on this machine or downloaded, and cached as arrays.

H. Larochelle, D. Erhan, A. Courville, J. Bergstra and Y. Bengio, "An empirical evaluation of deep architectures on
problems with many factors of variation", ICML 2007. Each set has 12,000 training images, the last 2,000 for validation,
and 50,000 test images. Each of the two rotated sets has two versions: the original of the paper, and the corrected one,
with `_new` at the end of its archive's name, on which later results were measured.

Half a turn makes a 6 look like a 9: no classifier can tell all of them apart in the rotated sets.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from ld_data.errors import InputError, IntegrityError, MissingDataError, UnknownNameError
from ld_data.settings import HOME_VARIABLE, cache_folder, data_home
from ld_data.storage.arrays import read_npz, write_npz
from ld_data.storage.hashing import hash_file
from ld_data.storage.places import is_readable
from ld_data.storage.staging import make_staging_folder, take_place
from ld_data.typing import Array, Bytes, Floats
from ld_data.variations.amat import SIDE, read_amat
from ld_data.variations.archive import PUBLICATIONS, Publication, check_archive, open_part

TRAIN_ROWS, TEST_ROWS = 12_000, 50_000
VALIDATION_ROWS = 2_000  # the last of the training rows
MIRRORS = ("https://www.iro.umontreal.ca/~lisa/icml2007data/", "http://www.iro.umontreal.ca/~lisa/icml2007data/")


@dataclass(frozen=True)
class Variations:
    """A published set.

    Attributes:
        x_train, x_test: images `(12000, 28, 28)` and `(50000, 28, 28)` float32, pixels in [0, 1].
        y_train, y_test: their classes `(n,)` uint8. A rotated 6 may be labelled 6 and look like a 9.
    """

    x_train: Floats
    y_train: Bytes
    x_test: Floats
    y_test: Bytes

    @property
    def train(self) -> tuple[Floats, Bytes]:
        """The first 10,000 training images and their classes, without the validation images."""
        return self.x_train[:-VALIDATION_ROWS], self.y_train[:-VALIDATION_ROWS]

    @property
    def validation(self) -> tuple[Floats, Bytes]:
        """The last 2,000 training images and their classes."""
        return self.x_train[-VALIDATION_ROWS:], self.y_train[-VALIDATION_ROWS:]


def load_variations(name: str, *, original: bool = False) -> Variations:
    """Return a published set: `mnist-rot`, `mnist-back-rand`, `mnist-back-image` or `mnist-rot-back-image`.

    The archive, or its two `.amat` files, are searched in `LD_DATA_HOME` and in the archive's own folder there; without
    them the archive is downloaded. The arrays are cached under the hash of the files, which are parsed only once; where
    the cache cannot exist, as on a read-only disk, they are parsed each time.
    `original` selects a rotated set as it was before its correction; it is not downloaded, as no hash of it is known.

    Raises:
        UnknownNameError: there is no set of that name.
        InputError: `original` is true, and the set was never corrected.
        IntegrityError: a file is not the published one, or damaged.
        MissingDataError: there is no file, and no download is possible.
        DownloadError: no mirror sent the archive.
        StorageError: the disk is full, or the cache cannot be written and a download needs it.
    """
    if name not in PUBLICATIONS:
        raise UnknownNameError(f"no variation {name!r}. Known: {', '.join(PUBLICATIONS)}.")
    publication = PUBLICATIONS[name]
    if original and not publication.original:
        raise InputError(f"{name} was never corrected: there is no other original.")
    archive = f"{publication.original if original else publication.archive}.zip"
    place, searched = _find_copy(publication, archive, original)
    if place is not None:
        digest = _hash_files(place, publication) if place.is_dir() else check_archive(place, publication, original)
        return _load_once(name, digest, partial(_read, place, publication))
    if original:
        places = "".join(f"\n  {place}" for place in searched)
        raise MissingDataError(
            f"the original {name} is not downloaded, as no hash of it is known; put {archive} into the folder that "
            f"{HOME_VARIABLE} names. Looked for:{places or ' nothing, as that is not set.'}"
        )
    cache = cache_folder() / "variations"
    kept = cache / f"{name}-{publication.sha1}.npz"
    return _read_cache(kept) if is_readable(kept) else _download(publication, name, cache, [*searched, kept])


def _find_copy(publication: Publication, archive: str, original: bool) -> tuple[Path | None, list[Path]]:
    """Return an archive or a folder with the two files, or None; and the searched paths."""
    home = data_home()
    if home is None:
        return None, []
    folder = home / Path(archive).stem
    archives = [home / archive, folder / archive]
    folders = [folder] if original else [folder, home]
    found = chain(filter(is_readable, archives), (path for path in folders if _has_files(path, publication)))
    return next(found, None), [*archives, folder / publication.train_file]


def _load_once(name: str, digest: str, read: Callable[[], Variations]) -> Variations:
    """Return the set from the cache, or else from `read`, and cache it where that is possible.

    One process at a time reads; others wait, and then use the cache.
    """
    try:
        cache = cache_folder() / "variations"
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return read()
    kept = cache / f"{name}-{digest}.npz"
    if not is_readable(kept):
        if not os.access(cache, os.W_OK):
            return read()
        with make_staging_folder(cache, kept.name, wait=True) as staging:
            if not kept.is_file():
                variations = read()
                write_npz(staging / kept.name, vars(variations))
                take_place(staging / kept.name, kept)
                return variations
    return _read_cache(kept)


def _download(publication: Publication, name: str, cache: Path, searched: list[Path]) -> Variations:
    from ld_data.remote.transfer import Content, fetch_file  # import late: 0.1 s for the network that most loads spare

    archive = cache / f"{publication.archive}.zip"
    advice = f" Without a network, put {archive.name} into a folder, and name the folder in {HOME_VARIABLE}."
    urls = [f"{mirror}{archive.name}" for mirror in MIRRORS]
    content = Content(archive.name, urls, publication.sha1, "sha1", advice=advice)
    variations = _load_once(name, publication.sha1, lambda: _read(fetch_file(content, archive, searched), publication))
    archive.unlink(missing_ok=True)  # the cached arrays replace it
    return variations


def _read_cache(path: Path) -> Variations:
    arrays = read_npz(path)
    train, test = (TRAIN_ROWS, SIDE, SIDE), (TEST_ROWS, SIDE, SIDE)
    shapes = {"x_train": train, "y_train": train[:1], "x_test": test, "y_test": test[:1]}
    received = {key: array.shape for key, array in arrays.items()}
    if received != shapes:
        raise IntegrityError(f"{path}: expected the arrays {shapes}; received {received}. Delete this file.")
    return Variations(**arrays)


def _read(place: Path, publication: Publication) -> Variations:
    """Return the images of an archive, or of the two files in a folder."""
    arrays: list[Array] = []
    for name, rows, other_rows in (
        (publication.train_file, TRAIN_ROWS, TEST_ROWS),
        (publication.test_file, TEST_ROWS, TRAIN_ROWS),
    ):
        with open_part(place, name) as file:
            arrays += read_amat(file, f"{place}: {name}", rows, other_rows, publication.transposed)
    return Variations(*arrays)


def _has_files(folder: Path, publication: Publication) -> bool:
    """Return whether a folder has the two files; raise `MissingDataError` if it has only one of them."""
    files = {file: is_readable(folder / file) for file in (publication.train_file, publication.test_file)}
    if len(set(files.values())) == 1:
        return all(files.values())
    here, missing = sorted(files, key=lambda file: not files[file])
    raise MissingDataError(f"{folder} has {here}, but not {missing}. Put it beside the former.")


def _hash_files(folder: Path, publication: Publication) -> str:
    digests = [hash_file(folder / file, "sha1") for file in (publication.train_file, publication.test_file)]
    return hashlib.sha1("".join(digests).encode(), usedforsecurity=False).hexdigest()
