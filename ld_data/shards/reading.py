"""Rows of a sharded release by number, of which only the shards that hold them are read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.release.dataset import Split
from ld_data.shards.plan import read_plan
from ld_data.shards.records import ARRAYS, find_record, read_shard
from ld_data.typing import Array


class ShardedRows:
    """The rows of a folder of shards, sealed or still growing.

    Attributes:
        plan: of the release.
    """

    def __init__(self, folder: str | Path) -> None:
        """Open a folder; raises as `ld_data.shards.plan.read_plan`."""
        self._folder = Path(folder)
        self.plan = read_plan(self._folder)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.plan.rows

    def __repr__(self) -> str:
        """Return the sizes."""
        return f"<ShardedRows of {self.plan.name}: {len(self)} rows in {self.plan.shards} shards>"

    def load(self, rows: slice) -> Split:
        """Return some successive rows, each array checked by its hash.

        Raises:
            InputError: the slice has a step or no rows, or a shard of it is not there.
            IntegrityError: a shard is damaged.
        """
        first, end, step = rows.indices(len(self)) if isinstance(rows, slice) else (0, 0, 1)
        if step != 1 or first >= end:
            raise InputError(f"rows must be a slice of one row or more without a step; received {rows}.")
        parts = [self._read(number, first, end) for number in self.plan.find_shards(first, end)]
        return _join(parts)

    def iterate(self, batch_rows: int, first: int = 0, end: int | None = None) -> Iterator[Split]:
        """Return an iterator over batches of successive rows from `first` up to `end`.

        It holds the shards of one batch.

        Raises:
            InputError: a number is out of range; later, that a shard is not there.
        """
        check_integer("batch_rows", batch_rows, 1, len(self))
        stop = len(self) if end is None else check_integer("end", end, 0, len(self))
        return self._iterate(batch_rows, check_integer("first", first, 0, stop), stop)

    def _iterate(self, batch_rows: int, first: int, end: int) -> Iterator[Split]:
        parts: list[tuple[Array, ...]] = []
        missing = batch_rows  # rows of the batch
        for number in self.plan.find_shards(first, end):
            rest = self._read(number, first, end)
            while len(rest[0]):
                parts.append(tuple(array[:missing] for array in rest))
                rest, missing = tuple(array[missing:] for array in rest), missing - len(parts[-1][0])
                if not missing:
                    yield _join(parts)
                    parts, missing = [], batch_rows
        if parts:
            yield _join(parts)

    def _read(self, number: int, first: int, end: int) -> tuple[Array, ...]:
        """Return x, y and label of the rows of a shard that lie between two rows."""
        record = find_record(self._folder, self.plan, number)
        if record is None:
            raise InputError(
                f"shard {number} of {self.plan.name} is not there. Make it with `python -m ld_data shards make`."
            )
        hashes = {name: array.sha256 for name, array in record.arrays.items()}
        arrays, start = read_shard(self._folder, self.plan, number, hashes), self.plan.find_rows(number).start
        return tuple(arrays[name][max(first - start, 0) : end - start] for name in ARRAYS)


def _join(parts: Sequence[tuple[Array, ...]]) -> Split:
    return Split(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
