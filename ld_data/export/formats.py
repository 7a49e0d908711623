"""The formats of an exported dataset: the files of each, and their writers.

Parquet and CSV, by Apache Arrow, have a table for each split, and one with a row for each class: its cell, and the mean
of its y. A vector is a list in Parquet, and a column for each number in CSV. The x of shifted test sets have a file
`shifts` in each format, and one for each set in `npy`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ld_data.errors import InputError
from ld_data.export.card import CARD_NAME, make_card
from ld_data.export.croissant import CROISSANT_NAME, describe_dataset
from ld_data.extras import import_library
from ld_data.release.dataset import NPY_FILES, LatentDataset, Split, name_columns
from ld_data.release.folder import DATA_NAME
from ld_data.release.manifest import SHIFT_FILE, FileRecord, Manifest
from ld_data.storage.arrays import write_npy, write_npz
from ld_data.storage.staging import stage_new_folder
from ld_data.typing import Array

PARQUET_FILES = ("train.parquet", "test.parquet", "classes.parquet")
FORMATS: dict[str, tuple[str, ...]] = {
    "npz": (DATA_NAME, CARD_NAME),
    "npy": (*NPY_FILES, CARD_NAME),
    "parquet": (*PARQUET_FILES, CARD_NAME, CROISSANT_NAME),
    "safetensors": ("data.safetensors", CARD_NAME),
    "csv": ("train.csv", "test.csv", "classes.csv", CARD_NAME),
}


def list_files(form: str, shifts: Sequence[str]) -> tuple[str, ...]:
    """Return the files of a release with these shifted test sets in one of the `FORMATS`."""
    if form == "npy":
        return (*FORMATS[form], *map(SHIFT_FILE.format, shifts))
    return (*FORMATS[form], f"shifts.{form}") if shifts else FORMATS[form]


def export_dataset(data: LatentDataset, form: str, folder: str | Path) -> list[Path]:
    """Return the files of a new folder that holds a release's dataset in one of the `FORMATS`, and its card.

    Every format holds all arrays with equal values, except `npy`, the predecessor's four files. The card of Parquet and
    a Croissant description let Hugging Face's `datasets` and `mlcroissant` read the folder. The folder takes its name
    last.

    Raises:
        InputError: the format is unknown, the dataset has no manifest, or the folder exists.
        StorageError: the disk refuses.
        MissingLibraryError: the library that writes the format is not installed.
    """
    if form not in FORMATS:
        raise InputError(f"no format {form!r}. Known: {', '.join(FORMATS)}.")
    if data.manifest is None or len(data.train) != data.manifest.arrays["y_train"].shape[0]:
        raise InputError("only the whole dataset of a release can be exported: load one with ld_data.load(name).")
    target = Path(folder)
    with stage_new_folder(target) as staging:
        write_format(data, data.manifest, form, staging)
    return [target / name for name in list_files(form, data.shifts)]


def write_format(data: LatentDataset, manifest: Manifest, form: str, folder: Path) -> None:
    """Write the files of a release in one of the `FORMATS`, and its card, into a folder."""
    _WRITERS[form](data, manifest, folder)
    (folder / CARD_NAME).write_text(make_card(manifest, tables=form == "parquet"), "utf-8")


def list_parquet(shifts: Sequence[str]) -> list[str]:
    """Return the Parquet files of a release with these shifted test sets."""
    return [name for name in list_files("parquet", shifts) if name.endswith(".parquet")]


def _write_npz(data: LatentDataset, folder: Path) -> None:
    write_npz(folder / DATA_NAME, data.to_arrays())
    if data.shifts:
        write_npz(folder / "shifts.npz", _read_shifts(data))


def _write_npy(data: LatentDataset, folder: Path) -> None:
    data.save_npy(folder)
    for shift, x in _read_shifts(data).items():
        (folder / SHIFT_FILE.format(shift)).write_bytes(write_npy(x))


def _read_shifts(data: LatentDataset) -> dict[str, Array]:
    return {shift: data.shifted(shift).test.x for shift in data.shifts}


def _write_parquet(data: LatentDataset, manifest: Manifest, folder: Path) -> None:
    write_parquet(data, folder)
    records = {path.name: FileRecord.of(path) for path in map(folder.joinpath, list_parquet(data.shifts))}
    (folder / CROISSANT_NAME).write_text(describe_dataset(manifest, records), "utf-8")


def _write_safetensors(data: LatentDataset, manifest: Manifest, folder: Path) -> None:
    """Write the arrays under their names, with the facts of the release as JSON in the metadata.

    The metadata have one entry, `ld-data`: the library writes several in an order that differs from run to run.
    """
    facts = {
        "name": manifest.name,
        "version": manifest.release_version,
        "licence": manifest.licence,
        "source": manifest.source["name"],
        "command": manifest.command,
    }
    for name, arrays in (("data", data.to_arrays()), ("shifts", _read_shifts(data))):
        contiguous = {part: np.ascontiguousarray(array) for part, array in arrays.items()}
        if contiguous:
            content = import_library("safetensors.numpy").save(contiguous, {"ld-data": json.dumps(facts)})
            (folder / f"{name}.safetensors").write_bytes(content)


_WRITERS: Mapping[str, Callable[[LatentDataset, Manifest, Path], object]] = {
    "npz": lambda data, _, folder: _write_npz(data, folder),
    "npy": lambda data, _, folder: _write_npy(data, folder),
    "parquet": _write_parquet,
    "safetensors": _write_safetensors,
    "csv": lambda data, _, folder: write_csv(data, folder),
}

ROWS_IN_A_GROUP = 10_000

Columns = Mapping[str, Array]  # one or two axes: a number or a vector for each row


def write_parquet(data: LatentDataset, folder: Path) -> None:
    """Write `train.parquet`, `test.parquet`, `classes.parquet` and, if there are some, `shifts.parquet` into a folder.

    Vectors are fixed-size lists of float32; labels are int64.
    """
    for name, columns in _make_tables(data).items():
        write_table(columns, folder / f"{name}.parquet")


def write_table(columns: Columns, path: Path) -> None:
    """Write columns as a Parquet file."""
    pa, parquet = import_library("pyarrow"), import_library("pyarrow.parquet")
    table = pa.table({column: _make_lists(values) for column, values in columns.items()})
    numbers = [column for column, values in columns.items() if values.dtype.kind != "f"]  # normals do not repeat
    parquet.write_table(table, path, row_group_size=ROWS_IN_A_GROUP, use_dictionary=numbers)


def write_csv(data: LatentDataset, folder: Path) -> None:
    """Write the tables of `write_parquet` as CSV, a header in the first line of each.

    The digits of each number suffice to read the same float32 again.
    """
    pa, csv = import_library("pyarrow"), import_library("pyarrow.csv")
    for name, columns in _make_tables(data).items():
        flat = dict(pair for column, values in columns.items() for pair in _spread(column, values))
        csv.write_csv(pa.table(flat), folder / f"{name}.csv")


def _make_tables(data: LatentDataset) -> dict[str, Columns]:
    classes = {
        "label": np.arange(data.classes),
        "bias": data.class_bias,
        "weight": data.class_weight.T,
        "mean": data.class_mean,
    }
    tables = {"train": make_columns(data.train), "test": make_columns(data.test), "classes": classes}
    return tables | ({"shifts": _read_shifts(data)} if data.shifts else {})


def make_columns(split: Split) -> Columns:
    """Return the columns of a table of rows."""
    return {"x": split.x, "y": split.y, "label": split.label.astype(np.int64)}


def _make_lists(values: Array) -> Any:
    """Return a column of numbers, or of fixed-size lists, as a `pyarrow.Array`."""
    pa = import_library("pyarrow")
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _spread(name: str, values: Array) -> Iterator[tuple[str, Array]]:
    """Yield a column with its name, or a column for each component of a vector: x_0, x_1, and so on."""
    if values.ndim == 1:
        yield name, values
    else:
        names = name_columns(name, values.shape[1])
        yield from zip(names, map(np.ascontiguousarray, values.T), strict=True)
