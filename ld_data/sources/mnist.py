"""The source `mnist`: an existing copy, or a download, always checked against the published hashes."""

import hashlib
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
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
NAMES = {sha256: name for name, (_, sha256) in IDX_FILES.items()}
NPZ_NAME = "mnist.npz"
USUAL_NAME = re.compile("(train|t10k|test)[-_. ]?(images|labels)", re.IGNORECASE)  # mirrors change the rest
SEARCHED_LEVELS, MAX_FOLDERS, MAX_ENTRIES = 3, 100, 1000  # of a search: folders of a level, and entries of a folder
MAX_CANDIDATES = 50  # files that are read
MOST_BYTES = 16 + 60_000 * 28 * 28 + 1  # more than the largest file
ADVICE = (
    f" Without a network, put {NPZ_NAME} as Keras has it, or MNIST's four files, gzipped or not, into a folder, and "
    f"name that in {HOME_VARIABLE}."
)

MnistArrays = dict[str, Array]


def load_mnist() -> MnistArrays:
    """Return MNIST's arrays: `x_train` `(60000, 28, 28)`, `y_train` `(60000,)`, `x_test`, `y_test`, all uint8.

    The first copy found is read: in `LD_DATA_HOME`, in Keras' cache, in torchvision's `data/MNIST`, in the cache of
    LD-Data; as `mnist.npz` or as the four IDX files, gzipped or not, under any of their usual names, also each in a
    folder of its own. The hash decides. Folders that cannot be read are passed over. Without
    a copy, the IDX files are downloaded.

    Raises:
        IntegrityError: a `mnist.npz` is not the published MNIST.
        MissingDataError: there is no copy, and `LD_DATA_OFFLINE` is set; the message names files that are not right.
        DownloadError: no mirror delivers.
        StorageError: there is no copy, and no folder for the download.
    """
    searched: list[str] = []
    wrong: list[str] = []
    for folder in _folders():
        for npz in (folder / NPZ_NAME, folder / "mnist" / NPZ_NAME):
            if is_readable(npz):
                return check_mnist(read_npz(npz), npz)
        arrays, faults = _search(folder)
        if len(arrays) == len(IDX_FILES):
            return arrays
        missing = ", ".join(IDX_FILES[name][0] for name in IDX_FILES if name not in arrays)
        searched += [str(folder / NPZ_NAME), f"{folder}, with two levels of folders, for {missing}", *faults]
        wrong += faults
    if wrong:
        warnings.warn(f"not the published MNIST, and not used: {'; '.join(wrong)}.", stacklevel=2)
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
        yield home
    yield Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"  # also without a home
    yield Path("data") / "MNIST"
    with suppress(StorageError):
        yield cache_folder() / "mnist"


def _search(folder: Path) -> tuple[MnistArrays, list[str]]:
    """Return the arrays of the published IDX files in a folder, and what is wrong with others of the usual names."""
    found: MnistArrays = {}
    faults = []
    for path in islice(list_candidates(folder), MAX_CANDIDATES):
        try:
            array = read_idx(path, MOST_BYTES)
            sha256 = hashlib.sha256(write_idx(array)).hexdigest()
            if sha256 in NAMES:
                found.setdefault(NAMES[sha256], array)
            else:
                faults.append(f"{path}, which is another file: its IDX bytes have the sha256 {sha256}")
        except (IntegrityError, OSError) as error:
            faults.append(str(error))  # it names the file
        if len(found) == len(IDX_FILES):
            break
    return found, faults


def list_candidates(root: Path) -> Iterator[Path]:
    """Yield files of the usual names in a folder and up to two folders below, the upper ones first, within limits."""
    folders = [root]
    for _ in range(SEARCHED_LEVELS):
        below: list[Path] = []
        for folder in folders[:MAX_FOLDERS]:
            try:
                entries = sorted(islice(folder.iterdir(), MAX_ENTRIES))
                shown = [path for path in entries if not path.name.startswith(".")]  # macOS adds `._NAME` to archives
                files = [path for path in shown if USUAL_NAME.search(path.name) and path.is_file()]
                below += [path for path in shown if path.is_dir()]
            except OSError:  # it does not exist, or may not be read
                continue
            yield from files
        folders = below


def _download(folder: Path, searched: list[str]) -> MnistArrays:
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
