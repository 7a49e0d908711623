"""The root of a sharded release: hashes of groups of records, and totals. It is written last, and once."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from ld_data.errors import InputError
from ld_data.release.manifest import Description, FileRecord
from ld_data.shards.plan import ShardPlan
from ld_data.shards.records import ShardRecord, find_record
from ld_data.storage.hashing import hash_file
from ld_data.storage.staging import make_staging_folder, take_place

ROOT_NAME = "root.json"
GROUP_SHARDS = 4096
MAX_NAMED = 5  # shards that an error names


@dataclass(frozen=True)
class Entry:
    """A shard in a group.

    Attributes:
        number, rows, file: of the shard.
        arrays: the sha256 of each by name.
        fingerprint: the place of its installation among those of the root.
    """

    number: int
    rows: int
    file: FileRecord
    arrays: dict[str, str]
    fingerprint: int

    @classmethod
    def of(cls, record: ShardRecord, fingerprint: int) -> Self:
        """Return the entry of a recorded shard."""
        arrays = {name: array.sha256 for name, array in record.arrays.items()}
        return cls(record.number, record.rows, record.file, arrays, fingerprint)


@dataclass(frozen=True)
class Group(Description):
    """The entries of successive shards."""

    entries: tuple[Entry, ...]
    format_version: int = 1
    kind: ClassVar[str] = "group of shards"


@dataclass(frozen=True)
class Fingerprint:
    """An installation that made some of the shards."""

    shards: int
    parts: dict[str, str]


@dataclass(frozen=True)
class Root(Description):
    """A sealed release.

    Attributes:
        plan: its id.
        groups: size and sha256 of each file of records, in order.
        rows, shards: of the whole.
        mean, std: of each component of x, over all rows.
        counts: rows of each class.
        fingerprints: the installations that took part, in the order of their first shards.
    """

    plan: str
    groups: tuple[FileRecord, ...]
    rows: int
    shards: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    counts: tuple[int, ...]
    fingerprints: tuple[Fingerprint, ...]
    format_version: int = 1
    kind: ClassVar[str] = "root of a sharded release"


def name_numbers(numbers: Sequence[int]) -> str:
    """Return the first of some numbers of shards in words."""
    return ", ".join(map(str, numbers[:MAX_NAMED])) + (", ..." if len(numbers) > MAX_NAMED else "")


def name_group(number: int) -> str:
    """Return the name of a group's file."""
    return f"records-{number:05d}.json"


def seal(folder: Path, plan: ShardPlan, *, same_machine: bool = False) -> Root:
    """Return the root of a folder whose shards are all there, and write it with its groups.

    Raises:
        InputError: shards are missing, or with `same_machine` were made by several installations; or it is sealed.
        IntegrityError: a record belongs to another plan.
        StorageError: the disk refuses.
    """
    totals, groups = _Totals(), list[FileRecord]()
    with make_staging_folder(folder, ROOT_NAME, wait=True) as staging:
        if (folder / ROOT_NAME).exists():
            raise InputError(f"{folder} is sealed already. Delete {ROOT_NAME} to seal it anew.")
        for number, records in enumerate(_iterate_groups(folder, plan)):
            path = staging / name_group(number)
            path.write_text(Group(tuple(map(totals.add, records))).to_json(), "utf-8")
            groups.append(FileRecord(path.stat().st_size, hash_file(path)))
        root = totals.make_root(plan, groups)
        if same_machine and len(root.fingerprints) > 1:
            raise InputError(f"{len(root.fingerprints)} installations made these shards. Leave out --same-machine.")
        (staging / ROOT_NAME).write_text(root.to_json(), "utf-8")
        for path in (*(staging / name_group(number) for number in range(len(groups))), staging / ROOT_NAME):
            take_place(path, folder / path.name)
    return root


def _iterate_groups(folder: Path, plan: ShardPlan) -> Iterator[Sequence[ShardRecord]]:
    """Yield the records in groups; raise `InputError` if some are missing, with the first of them."""
    for start in range(0, plan.shards, GROUP_SHARDS):
        numbers = range(start, min(start + GROUP_SHARDS, plan.shards))
        found = {number: find_record(folder, plan, number) for number in numbers}
        if missing := [number for number, record in found.items() if record is None]:
            raise InputError(
                f"shards {name_numbers(missing)} of {plan.name} are missing. Make them with `python -m ld_data shards "
                "make`, then seal."
            )
        yield [record for record in found.values() if record is not None]


class _Totals:
    """Sums over all records, in the order of the shards, so that the root does not depend on the order of making."""

    def __init__(self) -> None:
        self.rows = 0
        self.sums = self.squares = np.zeros(0)
        self.counts = np.zeros(0, np.int64)
        self.made: Counter[str] = Counter()

    def add(self, record: ShardRecord) -> Entry:
        """Add a shard, and return its entry."""
        if not self.rows:
            self.sums, self.squares = np.zeros(len(record.sums)), np.zeros(len(record.sums))
            self.counts = np.zeros(len(record.counts), np.int64)
        self.rows += record.rows
        self.sums += record.sums
        self.squares += record.squares
        self.counts += record.counts
        made_by = json.dumps(record.fingerprint, sort_keys=True)
        self.made[made_by] += 1
        return Entry.of(record, list(self.made).index(made_by))

    def make_root(self, plan: ShardPlan, groups: Sequence[FileRecord]) -> Root:
        mean = self.sums / self.rows
        return Root(
            plan=plan.id,
            groups=tuple(groups),
            rows=self.rows,
            shards=plan.shards,
            mean=tuple(mean.tolist()),
            std=tuple(np.sqrt(np.maximum(self.squares / self.rows - np.square(mean), 0)).tolist()),
            counts=tuple(self.counts.tolist()),
            fingerprints=tuple(Fingerprint(shards, json.loads(text)) for text, shards in self.made.items()),
        )
