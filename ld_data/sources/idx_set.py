"""A user's own data set in MNIST's file format, as Fashion-MNIST, KMNIST and EMNIST are published: four IDX files."""

from pathlib import Path

import numpy as np

from ld_data.errors import InputError, IntegrityError
from ld_data.sources.mnist import USUAL_NAME, list_candidates
from ld_data.storage.idx import read_idx
from ld_data.typing import Array

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
TURNED = "emnist"  # the names of all files of EMNIST begin so, and all its images lie on their side, mirrored
NO_NAMES = ("", "raw")  # of folders: torchvision unpacks every set into a folder `raw`

_Sets = dict[str, dict[str, list[Path]]]  # by the beginning of the files' names, and by array


def read_idx_set(path: Path) -> tuple[str, dict[str, Array]]:
    """Return the name of a set and its arrays: images `(n, h, w)` uint8, and classes `(n,)` int64 from 0.

    The four files lie in the folder or up to two below, gzipped or not, under MNIST's names or with a beginning before
    these: `EMNIST/emnist-letters` is the set in the folder `EMNIST` whose names begin with `emnist-letters`. The name
    of the set is this beginning, or else that of the folder. EMNIST's images are turned upright.

    Raises:
        InputError: there is no such set, or there are several, or a file is missing, damaged, or there in two versions.
    """
    name, files = _choose(path, _find_sets(path if path.is_dir() else path.parent))
    arrays = {}
    for array in ARRAYS:
        try:
            arrays[array] = _read_file(path, array, files.get(array, []))
        except (IntegrityError, OSError) as error:
            raise InputError(str(error)) from error  # it names the file
        if array.startswith("x") and arrays[array].ndim == 3 and name.lower().startswith(TURNED):
            arrays[array] = np.ascontiguousarray(arrays[array].swapaxes(1, 2))
    first = arrays["y_train"].min(initial=255)  # EMNIST numbers its letters from 1
    arrays |= {key: arrays[key].astype(np.int64) - first for key in ("y_train", "y_test")}
    folder = path.resolve()
    return name or (folder.parent if folder.name in NO_NAMES else folder).name, arrays


def _find_sets(folder: Path) -> _Sets:
    """Return the files of the usual names; of a file and its gzipped copy the first."""
    sets: _Sets = {}
    for path in list_candidates(folder):
        if match := USUAL_NAME.search(path.name):
            split, content = match.group(1).lower(), match.group(2).lower()
            array = f"{'x' if content == 'images' else 'y'}_{'train' if split == 'train' else 'test'}"
            files = sets.setdefault(path.name[: match.start()].strip("-_. "), {}).setdefault(array, [])
            if path.with_suffix("") not in files:
                files.append(path)
    return sets


def _choose(path: Path, sets: _Sets) -> tuple[str, dict[str, list[Path]]]:
    """Return the set that a path means, with the beginning of its files' names."""
    if not path.is_dir():
        sets = {name: files for name, files in sets.items() if name == path.name}
    if not sets:
        raise InputError(
            f"{path}: expected a folder with four files in MNIST's format, train-images-idx3-ubyte and so on, or that "
            "folder with the beginning of their names, as in EMNIST/emnist-letters; there are no such files."
        )
    if len(sets) > 1:
        names = ", ".join(str(path / name) for name in sorted(sets) if name)
        raise InputError(f"{path} holds several sets. Name one of them: {names}.")
    return sets.popitem()


def _read_file(path: Path, array: str, files: list[Path]) -> Array:
    """Return the array of one file, or of several copies, as in sets of Kaggle."""
    content, split = array.split("_")
    role = f"{'images' if content == 'x' else 'labels'} of {'training' if split == 'train' else 'test'}"
    if not files:
        raise InputError(f"{path}: the file of the {role} is missing; expected the four files of MNIST's format.")
    first, *others = map(read_idx, files)
    if not all(np.array_equal(first, other) for other in others):
        raise InputError(f"{path}: several files may be the {role}: {', '.join(map(str, files))}. Name one's folder.")
    return first
