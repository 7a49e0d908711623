"""The root of a sharded release: hashes of groups of records, and totals. It is written last, and once."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar, Self

import numpy as np

from ld_data.errors import InputError, IntegrityError
from ld_data.release.manifest import RESTORE, Description, FileRecord
from ld_data.shards.folders import Folder, Place, Readable, open_folder, read_text
from ld_data.shards.plan import ShardPlan
from ld_data.shards.records import ShardRecord, find_record
from ld_data.storage.staging import STAGED

ROOT_NAME = "root.json"
GROUP_SHARDS = 4096
MAX_ROOT_BYTES = 1 << 26
MAX_GROUPS = 4  # in memory, some 10 MB each
MEAN_DIGITS = 5
MAX_NAMED = 5  # shards that an error names


@dataclass(frozen=True)
class Entry:
    """A shard in a group.

    Attributes:
        number, rows, file: of the shard.
        arrays: the sha256 of each by name.
        mean: of each component of x over its rows, rounded.
        fingerprint: the place of its installation among those of the root.
    """

    number: int
    rows: int
    file: FileRecord
    arrays: dict[str, str]
    mean: tuple[float, ...]
    fingerprint: int

    @classmethod
    def of(cls, record: ShardRecord, fingerprint: int) -> Self:
        """Return the entry of a recorded shard."""
        arrays = {name: array.sha256 for name, array in record.arrays.items()}
        mean = tuple(round(total / record.rows, MEAN_DIGITS) for total in record.sums)
        return cls(record.number, record.rows, record.file, arrays, mean, fingerprint)


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


def find_root(folder: Readable, plan: ShardPlan) -> tuple[Root, FileRecord] | None:
    """Return the root of a folder and the record of its file; None if the folder is not sealed.

    Raises:
        IntegrityError: the root is that of another plan, or cannot be read.
        LdDataError: as `ld_data.shards.folders.folder.Readable.open`.
    """
    try:
        text = read_text(folder, ROOT_NAME, MAX_ROOT_BYTES)
    except FileNotFoundError:
        return None
    root = Root.from_json(text, f"{folder}/{ROOT_NAME}")
    if (root.plan, root.rows, root.shards) != (plan.id, plan.rows, plan.shards):
        raise IntegrityError(
            f"{folder}/{ROOT_NAME} belongs to another plan than the one beside it. Fetch or seal the release again."
        )
    content = text.encode()
    return root, FileRecord(len(content), hashlib.sha256(content).hexdigest())


def read_root(folder: Readable, plan: ShardPlan) -> tuple[Root, FileRecord]:
    """Return the root of a sealed folder and the record of its file; raises as `find_root`, and where there is none."""
    if found := find_root(folder, plan):
        return found
    raise IntegrityError(f"{folder} is not sealed. Make all shards, then run `python -m ld_data shards seal`.")


def read_group(folder: Readable, root: Root, number: int) -> tuple[Entry, ...]:
    """Return the entries of a group.

    Raises:
        IntegrityError: the file is not the sealed one, or does not list each shard of the group once.
        LdDataError: as `ld_data.shards.folders.folder.Readable.open`.
    """
    name, first = name_group(number), number * GROUP_SHARDS
    path = f"{folder}/{name}"
    if number >= len(root.groups):
        raise IntegrityError(f"the records of {folder} lack shard {first}. Seal the release again.")
    record = root.groups[number]
    try:
        text = read_text(folder, name, record.size)
    except FileNotFoundError:
        raise IntegrityError(f"{path} is missing. Fetch or seal the release again.") from None
    if (received := hashlib.sha256(text.encode()).hexdigest()) != record.sha256:
        raise IntegrityError(f"{path} was altered: expected sha256 {record.sha256}; received {received}. {RESTORE}")
    entries = Group.from_json(text, path).entries
    if [entry.number for entry in entries] != list(range(first, min(first + GROUP_SHARDS, root.shards))):
        raise IntegrityError(f"{path} does not list each of its shards once. Seal the release again.")
    return entries


def iterate_entries(folder: Readable, root: Root) -> Iterator[Entry]:
    """Yield the entries of all shards in their order; raises as `read_group`."""
    for number in range(-(-root.shards // GROUP_SHARDS)):
        yield from read_group(folder, root, number)


class Entries:
    """The entries of a sealed release by the number of a shard; the last groups that were read stay in memory."""

    def __init__(self, folder: Readable, root: Root) -> None:
        self._read_group = lru_cache(MAX_GROUPS)(partial(read_group, folder, root))

    def find(self, number: int) -> Entry:
        """Return the entry of a shard; raises as `read_group`."""
        return self._read_group(number // GROUP_SHARDS)[number % GROUP_SHARDS]


def seal(place: Place, plan: ShardPlan, *, same_machine: bool = False) -> Root:
    """Return the root of a folder whose shards are all there, and write it with its groups.

    Folders of writers that were killed after their shard was there are deleted.

    Raises:
        InputError: shards are missing, or with `same_machine` were made by several installations; or it is sealed.
        IntegrityError: a record belongs to another plan.
        StorageError: the disk or the bucket refuses.
    """
    totals, groups, folder = _Totals(), list[FileRecord](), open_folder(place)
    sealed = InputError(f"{folder} is sealed already. Delete {ROOT_NAME} to seal it anew.")
    with folder.hold(ROOT_NAME) as staging:
        if folder.find_size(ROOT_NAME) is not None:
            raise sealed
        for number, records in enumerate(_iterate_groups(folder, plan)):
            path = staging / name_group(number)
            path.write_text(Group(tuple(map(totals.add, records))).to_json(), "utf-8")
            groups.append(FileRecord.of(path))
        root = totals.make_root(plan, groups)
        if same_machine and len(root.fingerprints) > 1:
            raise InputError(f"{len(root.fingerprints)} installations made these shards. Leave out --same-machine.")
        (staging / ROOT_NAME).write_text(root.to_json(), "utf-8")
        for number in range(len(groups)):
            folder.delete(name_group(number))  # of an older root
            folder.add(staging / name_group(number))
        if not folder.add(staging / ROOT_NAME):
            raise sealed
    for name in folder.list_sizes(".train-", ".train-~"):
        with folder.hold(name[1:].removesuffix(STAGED)):
            pass  # it deletes the leftovers first
    return root


def _iterate_groups(folder: Folder, plan: ShardPlan) -> Iterator[Sequence[ShardRecord]]:
    """Yield the records in groups; raise `InputError` if some are missing, with the first of them."""
    with ThreadPoolExecutor(folder.readers) as pool:
        for start in range(0, plan.shards, GROUP_SHARDS):
            numbers = range(start, min(start + GROUP_SHARDS, plan.shards))
            found = list(pool.map(partial(find_record, folder, plan), numbers))
            if missing := [number for number, record in zip(numbers, found, strict=True) if record is None]:
                raise InputError(
                    f"shards {name_numbers(missing)} of {plan.name} are missing. Make them with `python -m ld_data "
                    "shards make`, then seal."
                )
            yield [record for record in found if record is not None]


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
