"""A stream of MNIST-1D signals as a PyTorch data set; this module imports PyTorch, which LD-Data does not install.

PyTorch's own class is enough for a data set that fits into memory and needs shuffling:
`TensorDataset(*map(torch.from_numpy, stream.make_rows(0, 60_000)))`.
"""

from collections.abc import Iterator

import numpy as np

from ld_data.checks import check_integer
from ld_data.extras import name_missing
from ld_data.mnist1d.stream import MAX_ROW, SignalStream
from ld_data.typing import Array

with name_missing():
    import torch
    from torch.utils.data import IterableDataset, get_worker_info


class SignalDataset(IterableDataset):
    """Rows of a stream as pairs of tensors, generated when needed; their order is already random.

    Each worker generates its own share of the rows. Pass `batch_size` here, and None to the `DataLoader`, for batches
    without the cost of collating.
    """

    def __init__(self, stream: SignalStream, rows: int, first_row: int = 0, batch_size: int | None = None) -> None:
        """Take the stream and its rows, the same in every pass; raise `InputError` for a bad number."""
        super().__init__()
        if batch_size is not None:
            check_integer("batch_size", batch_size, 1, MAX_ROW)
        stream.iterate(rows, first_row)
        self.stream, self.rows, self.first_row, self.batch_size = stream, rows, first_row, batch_size

    def __len__(self) -> int:
        """Return the number of items: rows, or batches."""
        return self.rows if self.batch_size is None else -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield a signal `(t,)` float32 and its class, int64; or `(n, t)` and `(n,)`."""
        worker = get_worker_info()
        number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        size = self.batch_size or 1
        items = -(-self.rows // size)
        start, end = (min(items * share // workers * size, self.rows) for share in (number, number + 1))
        for signals, labels in self._cut(size, start, end):
            pair = torch.from_numpy(signals), torch.from_numpy(labels.astype(np.int64))
            yield pair if self.batch_size else (pair[0][0], pair[1][0])

    def _cut(self, size: int, start: int, end: int) -> Iterator[tuple[Array, Array]]:
        """Yield rows `start` to `end` in pieces of one size; a piece may join two parts of the stream."""
        kept: tuple[Array, ...] = ()
        parts: Iterator[tuple[Array, ...]] = self.stream.iterate(end - start, self.first_row + start)
        for part in parts:
            whole = tuple(map(np.concatenate, zip(kept, part, strict=True))) if kept else part
            stop = len(whole[1]) // size * size
            for first in range(0, stop, size):
                yield whole[0][first : first + size], whole[1][first : first + size]
            kept = tuple(values[stop:] for values in whole)
        if kept and len(kept[1]):
            yield kept[0], kept[1]
