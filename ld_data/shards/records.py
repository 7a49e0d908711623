"""Shards on disk: `train-0000123.npz` and beside it its record, which is written last and says that it is whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.release.manifest import MAX_MANIFEST_BYTES, ArrayRecord, Description, FileRecord
from ld_data.shards.folders import Folder, Readable, read_text
from ld_data.shards.plan import ShardPlan
from ld_data.storage.arrays import read_npz
from ld_data.storage.hashing import hash_array
from ld_data.typing import Array, Doubles

ARRAYS = ("x", "y", "label")
MAX_SORTED = 10**7  # shards whose names have one length, so that they sort as their numbers
SUFFIX = len(".npz")
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


def read_record(folder: Readable, plan: ShardPlan, number: int) -> ShardRecord | None:
    """Return the record of a shard, whether its file is there or not; None without a record.

    Raises:
        IntegrityError: the record is that of another plan, or cannot be read.
        LdDataError: as `ld_data.shards.folders.folder.Readable.open`.
    """
    name = name_record(number)
    try:
        text = read_text(folder, name, MAX_MANIFEST_BYTES)
    except FileNotFoundError:
        return None
    try:
        record = ShardRecord.from_json(text, f"{folder}/{name}")
    except IntegrityError as error:
        raise IntegrityError(f"{error} {REMAKE}") from error
    if record.plan != plan.id or record.number != number:
        raise IntegrityError(f"{folder}/{name} belongs to another plan than the one beside it: restore that plan.")
    return record


def find_record(folder: Folder, plan: ShardPlan, number: int) -> ShardRecord | None:
    """Return the record of a shard whose file has the recorded size, else None; raises as `read_record`."""
    record = read_record(folder, plan, number)
    return record if record and folder.find_size(name_shard(number)) == record.file.size else None


def list_made(folder: Folder, plan: ShardPlan, numbers: range) -> list[int]:
    """Return those of successive shards that are there, by the names and sizes of all files, with their records.

    All shards of as many rows have one size, so that two records suffice for any number of shards.
    """
    if plan.shards <= MAX_SORTED:
        sizes = folder.list_sizes(name_shard(numbers[0])[:-SUFFIX], name_shard(numbers[-1]))
    else:
        sizes = folder.list_sizes()
    made, expected = [], dict[int, int]()  # the size of a shard by its rows
    for number in numbers:
        if (shard := name_shard(number)) in sizes and name_record(number) in sizes:
            rows = len(plan.find_rows(number))
            if rows not in expected and (record := read_record(folder, plan, number)):
                expected[rows] = record.file.size
            if sizes[shard] == expected.get(rows):
                made.append(number)
    return made


def read_shard(folder: Readable, plan: ShardPlan, number: int, hashes: Mapping[str, str]) -> dict[str, Array]:
    """Return the arrays of a shard, checked by the sha256 of each.

    Raises:
        FileNotFoundError: the file is missing.
        IntegrityError: the file is damaged, or an array is not the recorded one.
        LdDataError: as `ld_data.shards.folders.folder.Readable.open`.
    """
    path = f"{folder}/{name_shard(number)}"
    with folder.open(name_shard(number)) as file:
        try:
            arrays = read_npz(file, path)
        except IntegrityError as error:
            raise IntegrityError(f"{path} is damaged. {REMAKE}") from error
    wrong = [name for name in ARRAYS if name not in arrays or hash_array(arrays[name]) != hashes[name]]
    if wrong or len(arrays["label"]) != len(plan.find_rows(number)):
        raise IntegrityError(f"{path} was altered. {REMAKE}")
    return arrays


def summarise(arrays: Mapping[str, Array], classes: int) -> tuple[Doubles, Doubles, Array]:
    """Return the sums and the sums of squares of the components of x `(d,)`, and the rows of each class `(k,)`."""
    x = arrays["x"].astype(np.float64)
    return x.sum(axis=0), np.square(x).sum(axis=0), np.bincount(arrays["label"], minlength=classes)
