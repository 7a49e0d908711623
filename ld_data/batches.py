"""Training batches in a private, seeded order."""

from collections.abc import Iterator

import numpy as np


def make_batches(arrays: tuple[np.ndarray, ...], batch_rows: int, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield batches of the arrays' rows without end, reshuffled for each pass; a pass leaves out an incomplete batch.

    The order depends on `seed` alone, not on anybody's global random state. `arrays` have equally many rows, at least
    `batch_rows`.
    """
    random = np.random.default_rng(seed)
    rows = len(arrays[0])
    while True:
        order = random.permutation(rows)
        for start in range(0, rows - batch_rows + 1, batch_rows):
            chosen = order[start : start + batch_rows]
            yield tuple(array[chosen] for array in arrays)
