"""Rows of a sharded release by number, of which only the shards that hold them are read."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.extras import import_library
from ld_data.release.dataset import Split
from ld_data.shards.folders import Source, open_reader
from ld_data.shards.making import LoadCodec
from ld_data.shards.plan import read_plan
from ld_data.shards.records import ARRAYS, read_record, read_shard
from ld_data.shards.redraws import Redraws
from ld_data.shards.root import Entries, Root, find_root
from ld_data.typing import Array


class ShardedRows:
    """The rows of a folder of shards, sealed or still growing.

    Attributes:
        plan: of the release.
        root_sha256: the hash of the root, from which the hashes of all rows follow; None before the folder is sealed.
    """

    def __init__(self, place: Source, load_codec: LoadCodec | None = None) -> None:
        """Open a folder, a bucket's URL, or an address of a service or of a served folder.

        With `load_codec`, such as `vae.load`, shards that are not there are made in memory, and compared with the root.

        Raises:
            InputError: there is no plan; or, with `load_codec`, no root.
            IntegrityError: the plan or the root cannot be read, or they do not belong together.
            LdDataError: the place does not deliver.
        """
        self._folder, self._load_codec = open_reader(place), load_codec
        self.plan = read_plan(self._folder)
        found = find_root(self._folder, self.plan)
        self._root: Root | None = found[0] if found else None
        self.root_sha256: str | None = found[1].sha256 if found else None
        if load_codec and not found:
            raise InputError(f"{self._folder} has no root to compare new shards with: seal it, or omit load_codec.")
        self._entries = Entries(self._folder, self._root) if self._root else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Let another process, such as one that loads batches, open the folder anew."""
        return type(self), (str(self._folder), self._load_codec)

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
            IntegrityError: a shard is damaged, or one that was made here is not the sealed one.
            LdDataError: the place does not deliver.
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

    def as_torch_dataset(self, batch_rows: int, rank: int = 0, ranks: int = 1) -> Any:
        """Return a `ld_data.shards.torch.ShardDataset` of batches of pairs (x, y), a PyTorch `IterableDataset`."""
        return import_library("ld_data.shards.torch").ShardDataset(self, batch_rows, rank, ranks)

    def as_tf_dataset(self, batch_rows: int) -> Any:
        """Return a `tf.data.Dataset` of batches of pairs (x, y), `(n, d)` float32 each, in order."""
        tf = import_library("tensorflow")
        check_integer("batch_rows", batch_rows, 1, len(self))

        def make_batches() -> Iterator[tuple[Array, Array]]:
            return ((batch.x, batch.y) for batch in self.iterate(batch_rows))

        signature = tf.TensorSpec((None, None), tf.float32)
        return tf.data.Dataset.from_generator(make_batches, output_signature=(signature, signature))

    @cached_property
    def _redraws(self) -> Redraws | None:
        """The means to make shards, loaded with the first one that is missing."""
        return Redraws(self.plan, self._root, self._load_codec) if self._root and self._load_codec else None

    def _read(self, number: int, first: int, end: int) -> tuple[Array, ...]:
        """Return x, y and label of the rows of a shard that lie between two rows."""
        arrays, start = self._read_shard(number), self.plan.find_rows(number).start
        return tuple(arrays[name][max(first - start, 0) : end - start] for name in ARRAYS)

    def _read_shard(self, number: int) -> dict[str, Array]:
        entry = self._entries.find(number) if self._entries else None
        try:
            if entry:
                return read_shard(self._folder, self.plan, number, entry.arrays)
            if record := read_record(self._folder, self.plan, number):
                hashes = {name: array.sha256 for name, array in record.arrays.items()}
                return read_shard(self._folder, self.plan, number, hashes)
        except FileNotFoundError:
            if entry and self._redraws:
                return self._redraws.draw(entry)
        raise InputError(
            f"shard {number} of {self.plan.name} is not in {self._folder}. Make it with `python -m ld_data shards make`"
            f"{', or let ShardedRows make it: load_codec=vae.load' if entry else ''}."
        )


def _join(parts: Sequence[tuple[Array, ...]]) -> Split:
    return Split(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
