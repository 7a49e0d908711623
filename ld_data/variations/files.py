"""Generated variations as `.npz` files, written part by part: memory does not grow with their number."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from ld_data.errors import InputError, IntegrityError
from ld_data.progress import show_progress
from ld_data.storage.arrays import read_npy, read_npz, write_npz
from ld_data.storage.staging import check_new_file, make_staging_folder, take_place
from ld_data.typing import Array
from ld_data.variations.stream import VariationStream

COLUMNS = {"x": np.float32, "y": np.uint8, "angle": np.float32, "background": np.float32}
IMAGES = ("x", "background")


def check_target(path: Path) -> None:
    """Raise `InputError` unless a path can take a new `.npz` file."""
    if path.suffix != ".npz":
        raise InputError(f"the file must end in .npz; received {path}.")
    check_new_file(path)


def read_pictures(path: Path) -> Array | list[Array]:
    """Return the pictures `(n, h, w)` of an `.npy` file, or those of an `.npz`; raise `InputError` for others."""
    if path.suffix == ".npy":
        return read_npy(path.read_bytes())
    try:
        return list(read_npz(path).values())
    except IntegrityError as error:
        raise InputError(f"{path}: neither .npy nor .npz ({error}). Save the pictures with numpy.savez.") from error


def write_variations(
    train: VariationStream, train_rows: int, test: VariationStream, test_rows: int, path: Path
) -> None:
    """Write x_train, y_train, angle_train, background_train, and the same of test, with a progress bar.

    Training rows are numbered from 0 and test rows after them, so that no two share an angle or a background. `python
    -m ld_data build --source-npz` accepts the file. It gets its name once it is complete. Raises `StorageError` if the
    disk refuses.
    """
    check_target(path)
    with (
        make_staging_folder(path.parent, path.name) as staging,
        show_progress(title=path.name, total=train_rows + test_rows, unit=" images", unit_scale=True) as bar,
    ):
        arrays: dict[str, Array] = {}
        for split, stream, rows, first_row in (("train", train, train_rows, 0), ("test", test, test_rows, train_rows)):
            arrays |= _make_split(stream, rows, first_row, staging, split, bar)
        write_npz(staging / path.name, arrays)
        check_target(path)  # check again: another process may have written it
        take_place(staging / path.name, path)


def _make_split(
    stream: VariationStream, rows: int, first_row: int, folder: Path, split: str, bar: tqdm
) -> dict[str, Array]:
    """Return the arrays of a split by name; files of the folder hold them, not the memory."""
    arrays: dict[str, Array] = {}
    for name, dtype in COLUMNS.items():
        shape = (rows, *stream.image_shape) if name in IMAGES else (rows,)
        arrays[name] = np.lib.format.open_memmap(folder / f"{name}_{split}.npy", "w+", dtype, shape)
    start = 0
    for part in stream.iterate(rows, first_row):
        for name, array in arrays.items():
            array[start : start + len(part.y)] = getattr(part, name)
        start += len(part.y)
        bar.update(len(part.y))
    return {f"{name}_{split}": array for name, array in arrays.items()}
