"""Training batches in a private, seeded order."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from ld_data.typing import Array


def make_batches(
    arrays: tuple[Array, ...], batch_rows: int, seed: int, redraw: Callable[[], Array] | None = None
) -> Iterator[tuple[Array, ...]]:
    """Yield batches of the arrays' rows without end, reshuffled for each pass; a pass skips an incomplete batch.

    The order depends on `seed` alone, not on a global random state. `arrays` have equally many rows, at least
    `batch_rows`. `redraw` returns a new last array for each pass.
    """
    random = np.random.default_rng(seed)
    rows = len(arrays[0])
    while True:
        if redraw is not None:
            arrays = (*arrays[:-1], redraw())
        order = random.permutation(rows)
        for start in range(0, rows - batch_rows + 1, batch_rows):
            chosen = order[start : start + batch_rows]
            yield tuple(array[chosen] for array in arrays)


def take_batches(batches: Iterator[tuple[Any, ...]], count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the first `count` batches, and then hold none of their rows: TensorFlow keeps a generator for good."""
    yield from islice(batches, count)
