"""Fresh labelled inputs for a challenge, from sources that can generate any number of them."""

from collections.abc import Callable

import numpy as np

from ld_data.checks import check_integer
from ld_data.errors import UnknownNameError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import MAX_ROW, SignalStream
from ld_data.typing import Array, Bytes, Floats

SEED_BITS = 95  # 32 for the seed of a stream, and 63 for a row number in it
STREAM_BITS = 32

Generate = Callable[[int, int], tuple[Array, Array]]


def find_generator(source: str) -> Generate:
    """Return the function (seed, rows) -> (inputs, labels) of a source; raise `UnknownNameError` if it has none."""
    if source not in GENERATORS:
        raise UnknownNameError(
            f"there is no challenge for the source {source!r}: no inputs of secret classes can be drawn from it. "
            f"Sources with a challenge: {', '.join(GENERATORS)}."
        )
    return GENERATORS[source]


def draw_signals(seed: int, rows: int) -> tuple[Floats, Bytes]:
    """Return MNIST-1D signals `(rows, 40)` float32 and classes `(rows,)` uint8 for a seed of 95 bits.

    The low 32 bits are the seed of a stream, and the others choose a block of it: 2**78 blocks are too many to try. The
    rows come from that block in random order, since each ten rows of a stream hold every class once, and their order
    would reveal labels.
    """
    seed, rows = check_integer("seed", seed, 0, 2**SEED_BITS - 1), check_integer("rows", rows, 1, 10**6)
    stream = SignalStream(Mnist1dConfig(seed=seed % 2**STREAM_BITS))
    blocks = -(-rows // stream.block_rows)
    last = MAX_ROW // stream.block_rows - blocks  # the last block that enough blocks follow
    first = min((seed >> STREAM_BITS) // stream.block_rows, last)
    signals, labels = stream.make_rows(first * stream.block_rows, blocks * stream.block_rows)
    chosen = np.random.default_rng(seed).permutation(len(labels))[:rows]
    return signals[chosen], labels[chosen]


GENERATORS: dict[str, Generate] = {"mnist1d": draw_signals, "mnist1d-60k": draw_signals}
