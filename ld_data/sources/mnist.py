"""The source `mnist`: an existing copy, or a download, always checked against the published hashes."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from ld_data.errors import IntegrityError, StorageError
from ld_data.settings import HOME_VARIABLE, cache_folder, data_home
from ld_data.storage.arrays import read_npz
from ld_data.storage.idx import read_idx, write_idx
from ld_data.storage.places import is_readable
from ld_data.typing import Array

IDX_FILES = {  # by the name of the array: the file, and the sha256 of its bytes with the header
    "x_train": ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    "y_train": ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    "x_test": ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    "y_test": ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
}
GZIP_SHA256 = {  # of the gzip files that the mirrors serve
    "x_train": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "y_train": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "x_test": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "y_test": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
NPZ_NAME = "mnist.npz"
ADVICE = (
    f" Without a network, put {NPZ_NAME} as Keras has it, or MNIST's four files, gzipped or not, into a folder, and "
    f"name that in {HOME_VARIABLE}."
)

MnistArrays = dict[str, Array]


def load_mnist() -> MnistArrays:
    """Return MNIST's arrays: `x_train` `(60000, 28, 28)`, `y_train` `(60000,)`, `x_test`, `y_test`, all uint8.

    The first copy found is read: in `LD_DATA_HOME`, in Keras' cache, in torchvision's `data/MNIST/raw`, in the cache of
    LD-Data; as `mnist.npz` or as the four IDX files, gzipped or not. Folders that cannot be read are passed over.
    Without a copy, the IDX files are downloaded.

    Raises:
        IntegrityError: a copy is not the published MNIST.
        MissingDataError: there is no copy, and `LD_DATA_OFFLINE` is set.
        DownloadError: no mirror delivers.
        StorageError: there is no copy, and no folder for the download.
    """
    searched = []
    for folder in _folders():
        if is_readable(npz := folder / NPZ_NAME):
            return check_mnist(read_npz(npz), npz)
        if files := _find_idx_files(folder):
            return check_mnist({name: read_idx(path) for name, path in files.items()}, folder)
        searched += [npz, folder / f"{IDX_FILES['x_train'][0]}[.gz]"]
    return _download(cache_folder() / "mnist", searched)


def check_mnist(arrays: MnistArrays, place: Path) -> MnistArrays:
    """Return `arrays` if they are the published MNIST byte for byte; else raise `IntegrityError` about `place`."""
    for name, (_, expected) in IDX_FILES.items():
        if name not in arrays:
            raise IntegrityError(f"{place}: expected an array {name}; received {', '.join(arrays) or 'none'}.")
        received = hashlib.sha256(write_idx(arrays[name])).hexdigest()
        if arrays[name].dtype != np.uint8 or received != expected:
            raise IntegrityError(
                f"{place}: {name} is not the published MNIST: expected uint8 with sha256 {expected} over its IDX "
                f"bytes; received {arrays[name].dtype} with {received}. Delete or replace this copy."
            )
    return arrays


def _folders() -> Iterator[Path]:
    """Yield the folders in which Keras, torchvision and LD-Data keep copies, the user's own choice first."""
    if home := data_home():
        yield from (home, home / "mnist", home / "MNIST" / "raw")
    yield Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"  # also without a home
    yield Path("data") / "MNIST" / "raw"
    with suppress(StorageError):
        yield cache_folder() / "mnist"


def _find_idx_files(folder: Path) -> dict[str, Path]:
    """Return the four IDX files by array name, if all are in the folder, else an empty dictionary."""
    found = {}
    for name, (file_name, _) in IDX_FILES.items():
        candidates = (folder / file_name, folder / f"{file_name}.gz")
        if path := next(filter(is_readable, candidates), None):
            found[name] = path
    return found if len(found) == len(IDX_FILES) else {}


def _download(folder: Path, searched: list[Path]) -> MnistArrays:
    # late: the HTTP client takes 0.1 s, and most loads need none
    from ld_data.remote.transfer import Content, fetch_file

    arrays = {}
    for name, (file_name, _) in IDX_FILES.items():
        path = folder / f"{file_name}.gz"
        if not is_readable(path):
            urls = [f"{mirror}{path.name}" for mirror in MIRRORS]
            fetch_file(Content(path.name, urls, GZIP_SHA256[name], advice=ADVICE), path, searched)
        arrays[name] = read_idx(path)
    return check_mnist(arrays, folder)
