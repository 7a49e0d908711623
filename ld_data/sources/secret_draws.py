"""Fresh labelled inputs for a challenge, from sources that can make any number of them."""

from collections.abc import Callable

import numpy as np

from ld_data.checks import check_integer
from ld_data.errors import UnknownNameError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import MAX_ROW, SignalStream

SEED_BITS = 95  # 32 of a stream's seed, and 63 of its row numbers
STREAM_BITS = 32

Generate = Callable[[int, int], tuple[np.ndarray, np.ndarray]]


def find_generator(source: str) -> Generate:
    """Return the function (seed, rows) -> (inputs `(rows, ...)`, labels `(rows,)`) of a source, by its name.

    Raises `UnknownNameError` for a source that has none: its digits are public, or it makes no new inputs at all.
    """
    if source not in GENERATORS:
        raise UnknownNameError(
            f"there is no challenge for the source {source!r}: no inputs of secret classes can be drawn from it. "
            f"It is there for {', '.join(GENERATORS)}."
        )
    return GENERATORS[source]


def draw_signals(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return MNIST-1D signals `(rows, 40)` float32 and classes `(rows,)` uint8 for a seed of 95 bits.

    Its low 32 bits are the seed of the stream, the others tell which block of it is drawn: 2**78 blocks are too many to
    be tried. The rows are some of the block's in random order, since in a stream each ten in turn hold every class
    once, which would tell of the labels. Raises `InputError` for a seed or a number of rows out of range.
    """
    seed, rows = check_integer("seed", seed, 0, 2**SEED_BITS - 1), check_integer("rows", rows, 1, 10**6)
    stream = SignalStream(Mnist1dConfig(seed=seed % 2**STREAM_BITS))
    blocks = -(-rows // stream.block_rows)
    last = MAX_ROW // stream.block_rows - blocks  # the last block with enough of them behind it
    first = min((seed >> STREAM_BITS) // stream.block_rows, last)
    signals, labels = stream.make_rows(first * stream.block_rows, blocks * stream.block_rows)
    chosen = np.random.default_rng(seed).permutation(len(labels))[:rows]
    return signals[chosen], labels[chosen]


GENERATORS: dict[str, Generate] = {"mnist1d": draw_signals, "mnist1d-large": draw_signals}
