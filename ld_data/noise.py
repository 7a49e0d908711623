"""Reproducible noise: every draw is keyed by (seed, stream, row).

Row `i` is the same in any chunk, order or process. The bits are Philox-4x64-10 (Salmon et al., "Parallel random
numbers: as easy as 1, 2, 3", SC 2011), a counter-based generator: row `i` starts at counter `i * ceil(width / 4)`,
since one counter gives four 64-bit words. Each value uses exactly one word, through the inverse distribution function.
numpy's `standard_normal` cannot replace it: its rejection method uses a varying number of words, which couples rows.
"""

import numpy as np

from ld_data.checks import check_integer
from ld_data.typing import Array, Doubles, Integers

WORDS_PER_COUNTER = 4
MAX_SEED = 2**63 - 1
MAX_ROW = 2**128  # of 2**256 counters

# One stream for each use of noise, so that two uses never share a draw.
X_STREAM = 1
Y_STREAM = 2
Y_CELL_STREAM = 1 << 32  # the n-th try of a cell's rejection sampler reads stream Y_CELL_STREAM + n


def make_uniforms(seed: int, stream: int, first_row: int, rows: int, width: int) -> Doubles:
    """Return `(rows, width)` float64 uniforms in (0, 1) from row `first_row` on; raises as `check_row`."""
    return _to_uniforms(_draw_words(seed, stream, first_row, rows, width))


def make_normals(seed: int, stream: int, first_row: int, rows: int, width: int) -> Doubles:
    """Return `(rows, width)` float64 standard normals from row `first_row` on; raises as `make_uniforms`."""
    return _to_normals(_draw_words(seed, stream, first_row, rows, width))


def make_normals_at(seed: int, stream: int, first_row: int, rows: Integers, width: int) -> Doubles:
    """Return the standard normals `(n, width)` of ascending `rows` `(n,)`, counted from `first_row`.

    Words of the rows in between are drawn, too, and left: the distribution function costs more than they do.
    """
    first = int(rows[0])
    words = _draw_words(seed, stream, check_row(first_row) + first, int(rows[-1]) + 1 - first, width)
    return _to_normals(words[rows - first])


def _draw_words(seed: int, stream: int, first_row: int, rows: int, width: int) -> Array:
    check_seed(seed)
    first, rows = check_row(first_row), check_integer("rows", rows, 0, MAX_SEED)
    counters = -(-width // WORDS_PER_COUNTER)
    key = np.array([seed, stream], dtype=np.uint64)
    words = np.random.Philox(key=key, counter=first * counters).random_raw(rows * counters * WORDS_PER_COUNTER)
    return words.reshape(rows, counters * WORDS_PER_COUNTER)[:, :width]


def _to_uniforms(words: Array) -> Doubles:
    return ((words >> np.uint64(12)) + np.float64(0.5)) * 2.0**-52  # 52 bits: with 53 the last value would round to 1


def _to_normals(words: Array) -> Doubles:
    from scipy.special import ndtri  # import late: 17 MB of memory that a service without encoding saves

    return ndtri(_to_uniforms(words))


def check_seed(seed: int) -> int:
    """Return `seed` as Python's integer if it is an integer from 0 to 2**63 - 1; raises as `check_integer`."""
    return check_integer("seed", seed, 0, MAX_SEED)


def check_row(first_row: int) -> int:
    """Return `first_row` as Python's integer, which never wraps, if it is from 0 to 2**128; or raise `InputError`."""
    return check_integer("first_row", first_row, 0, MAX_ROW)
