"""Shards on disk: `train-0000123.npz` and beside it its record, which is written last and says that it is whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.release.manifest import ArrayRecord, Description, FileRecord
from ld_data.shards.plan import ShardPlan
from ld_data.storage.arrays import read_npz
from ld_data.storage.hashing import hash_array
from ld_data.typing import Array, Doubles

ARRAYS = ("x", "y", "label")
REMAKE = "Delete it and its record, and run `python -m ld_data shards make` again."


@dataclass(frozen=True)
class ShardRecord(Description):
    """One shard.

    Attributes:
        plan: the id of its plan.
        number, first_row, rows: of the shard.
        arrays: the records of x, y and label.
        file: size and sha256 of the shard's file.
        sums, squares: of each component of x, over the rows.
        counts: rows of each class.
        fingerprint: of the machine that made it.
        seconds: of processor time that it took.
    """

    plan: str
    number: int
    first_row: int
    rows: int
    arrays: dict[str, ArrayRecord]
    file: FileRecord
    sums: tuple[float, ...]
    squares: tuple[float, ...]
    counts: tuple[int, ...]
    fingerprint: dict[str, str]
    seconds: float
    format_version: int = 1
    kind: ClassVar[str] = "record of a shard"


def name_shard(number: int) -> str:
    """Return the name of a shard's file."""
    return f"train-{number:07d}.npz"


def name_record(number: int) -> str:
    """Return the name of a shard's record."""
    return f"train-{number:07d}.json"


def find_record(folder: Path, plan: ShardPlan, number: int) -> ShardRecord | None:
    """Return the record of a shard that is there, of the recorded size; None if it has to be made.

    Raises:
        IntegrityError: the record is that of another plan, or cannot be read.
    """
    path = folder / name_record(number)
    if not path.is_file():
        return None
    try:
        record = ShardRecord.read(path)
    except IntegrityError as error:
        raise IntegrityError(f"{error} {REMAKE}") from error
    if record.plan != plan.id or record.number != number:
        raise IntegrityError(f"{path} belongs to another plan than the one beside it: restore that plan.")
    shard = folder / name_shard(number)
    return record if shard.is_file() and shard.stat().st_size == record.file.size else None


def iterate_records(folder: Path, plan: ShardPlan) -> Iterator[ShardRecord | None]:
    """Yield the record of each shard in turn, None for those that are missing; raises as `find_record`."""
    return (find_record(folder, plan, number) for number in range(plan.shards))


def read_shard(folder: Path, plan: ShardPlan, number: int, hashes: Mapping[str, str]) -> dict[str, Array]:
    """Return the arrays of a shard, checked by the sha256 of each.

    Raises:
        FileNotFoundError: the file is missing.
        IntegrityError: the file is damaged, or an array is not the recorded one.
    """
    path = folder / name_shard(number)
    arrays = read_npz(path)
    wrong = [name for name in ARRAYS if name not in arrays or hash_array(arrays[name]) != hashes[name]]
    if wrong or len(arrays["label"]) != len(plan.find_rows(number)):
        raise IntegrityError(f"{path} was altered. {REMAKE}")
    return arrays


def summarise(arrays: Mapping[str, Array], classes: int) -> tuple[Doubles, Doubles, Array]:
    """Return the sums and the sums of squares of the components of x `(d,)`, and the rows of each class `(k,)`."""
    x = arrays["x"].astype(np.float64)
    return x.sum(axis=0), np.square(x).sum(axis=0), np.bincount(arrays["label"], minlength=classes)
