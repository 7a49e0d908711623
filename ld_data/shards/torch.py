"""Rows of a sharded release as a PyTorch data set; this module imports PyTorch, which LD-Data does not install."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ld_data.checks import check_integer
from ld_data.extras import name_missing

if TYPE_CHECKING:
    from ld_data.shards.reading import ShardedRows

with name_missing():
    import torch
    from torch.utils.data import IterableDataset, get_worker_info


class ShardDataset(IterableDataset):
    """Batches of pairs (x, y) of tensors, `(n, d)` float32 each, in the order of the rows.

    Each of `ranks` processes that train together reads successive rows, and each of its workers successive batches of
    these, so that a shard is read by one worker, or by two at the seams. All ranks have the same number of rows: up to
    `ranks` - 1 of the last ones are left out. Pass None as the `batch_size` of the `DataLoader`.
    """

    def __init__(self, rows: "ShardedRows", batch_rows: int, rank: int = 0, ranks: int = 1) -> None:
        """Take the rows; raise `InputError` for a number that is out of range."""
        super().__init__()
        check_integer("ranks", ranks, 1, len(rows))
        check_integer("rank", rank, 0, ranks - 1)
        share = len(rows) // ranks
        self._rows, self._first, self._end = rows, rank * share, (rank + 1) * share
        self._batch_rows = check_integer("batch_rows", batch_rows, 1, share)

    def __len__(self) -> int:
        """Return the number of batches."""
        return (self._end - self._first - 1) // self._batch_rows + 1

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the batches of this worker."""
        worker = get_worker_info()
        number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        first, end = (
            min(self._first + len(self) * share // workers * self._batch_rows, self._end)
            for share in (number, number + 1)
        )
        if first < end:
            for batch in self._rows.iterate(self._batch_rows, first, end):
                yield torch.from_numpy(batch.x), torch.from_numpy(batch.y)
