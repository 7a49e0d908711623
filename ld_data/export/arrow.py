"""A latent dataset as tables, by Apache Arrow: Parquet with a list for each vector, CSV with a column for each number.

Both have a table for each split, and one with a row for each class: its cell, and the mean of its y.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ld_data.extras import import_library
from ld_data.release.adapters import name_columns
from ld_data.release.dataset import LatentDataset, Split
from ld_data.typing import Array

ROWS_IN_A_GROUP = 10_000

Columns = Mapping[str, Array]  # one or two axes: a number or a vector for each row


def write_parquet(data: LatentDataset, folder: Path) -> None:
    """Write `train.parquet`, `test.parquet` and `classes.parquet` into an existing folder.

    Vectors are fixed-size lists of float32; labels are int64.
    """
    pa, parquet = import_library("pyarrow"), import_library("pyarrow.parquet")
    for name, columns in _make_tables(data).items():
        table = pa.table({column: _make_lists(values) for column, values in columns.items()})
        numbers = [column for column, values in columns.items() if values.dtype.kind != "f"]  # normals do not repeat
        parquet.write_table(table, folder / f"{name}.parquet", row_group_size=ROWS_IN_A_GROUP, use_dictionary=numbers)


def write_csv(data: LatentDataset, folder: Path) -> None:
    """Write `train.csv`, `test.csv` and `classes.csv` into an existing folder, a header in the first line of each.

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
    return {"train": _make_columns(data.train), "test": _make_columns(data.test), "classes": classes}


def _make_columns(split: Split) -> Columns:
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
