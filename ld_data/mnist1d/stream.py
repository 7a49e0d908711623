"""Fast mode: an endless stream of MNIST-1D signals with random access to rows, and the original's distribution.

Rows are drawn in blocks and sorted by place (see `ld_data.mnist1d.steps`), so that each place is one small matrix
product, and t normals a row are enough. Block b is drawn from Philox-4x64-10 (Salmon et al., "Parallel random numbers:
as easy as 1, 2, 3", SC 2011) with the key (seed, stream + b): a row is the same in any order, chunk or process, and
with any number of threads. The normals are numpy's (a ziggurat): another version of numpy may draw others, and another
processor may round matrix products differently.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ld_data.checks import check_integer
from ld_data.mnist1d.config import Mnist1dConfig, check_std, check_templates, make_templates
from ld_data.mnist1d.steps import Draws, dilate, make_signals, make_tables, measure_moments
from ld_data.typing import Array, Bytes, Floats, Integers

BLOCK_ROWS = 1 << 17  # at most, and a multiple of the number of classes
CACHED_ROWS = 2000  # drawn together: their numbers and signals stay in a processor's cache
BLOCK_VALUES = 1 << 23  # at most, of long signals
STEPWISE_VALUES = 1 << 20  # at most, before sampling, where there are no tables
TABLE_VALUES = 1 << 24  # at most: 64 MiB
PRODUCT_SIZE = 1 << 18  # rows * columns * inner columns: OpenBLAS multiplies larger matrices in threads
LEAST_PIECE = 4  # rows of such a product
MAX_ROW = 2**63 - 1

Block = tuple[Floats, Bytes]  # signals `(n, t)` and classes `(n,)`
BLOCK_STREAM = 1 << 48
ORDER_STREAM = BLOCK_STREAM - 1


class SignalStream:
    """The signals of a configuration and their classes by row number, from 0 on without an end.

    Each group of k rows holds every class once, in random order. All points are centred and scaled by the mean and std
    of their distribution, not of a sample. `num_samples` and `train_split` are ignored. A row number that is negative
    or not an integer raises `InputError`, at once also in `iterate`.

    Attributes:
        config: the arguments.
        std: of the distribution of all points, before the division by it.
        has_tables: whether the matrices of all places fit into the memory for them; without them it is slower.
        block_rows: rows that are drawn together: one of them costs as much as all.
    """

    def __init__(self, config: Mnist1dConfig | None = None, templates: object = None) -> None:
        """Take the arguments and the templates `(k, l)`; raise `InputError` for signals that do not vary."""
        self.config = Mnist1dConfig() if config is None else config
        self._dilated = dilate(check_templates(make_templates() if templates is None else templates), self.config)
        self._mean, self.std = measure_moments(self._dilated, self.config)
        check_std(self._mean, self.std, self.config)
        classes, paddings, length = self._dilated.shape
        t = self.config.final_seq_length
        width = max(length, t + classes + 2)
        places = paddings * self.config.max_translation
        self.has_tables = places * width**2 <= TABLE_VALUES and LEAST_PIECE * width * t <= PRODUCT_SIZE
        rows = min(BLOCK_ROWS, BLOCK_VALUES // t) if self.has_tables else STEPWISE_VALUES // max(length, t)
        self.block_rows = max(1, rows // classes) * classes
        self._order = np.arange(t)
        if self.config.shuffle_seq:
            self._order = self._make_generator(ORDER_STREAM).permutation(self._order)
        self._kept: tuple[int, Block] | None = None

    def make_rows(self, first_row: int, rows: int) -> Block:
        """Return the signals `(rows, t)` float32 from row `first_row` on, and their classes, uint8.

        The last block is kept, so that requests for one row after another cost little.
        """
        first, end = _check_rows(rows, first_row)
        signals, labels = np.empty((end - first, len(self._order)), np.float32), np.empty(end - first, np.uint8)
        fill((signals, labels), self._cut(first, end, self._keep_block))
        return signals, labels

    def iterate(self, rows: int, first_row: int = 0) -> Iterator[Block]:
        """Return an iterator of the same in parts of at most `block_rows` rows: memory does not grow with `rows`."""
        return self._cut(*_check_rows(rows, first_row), self._draw_block)

    def _cut(self, first: int, end: int, find_block: Callable[[int], Block]) -> Iterator[Block]:
        for number in range(first // self.block_rows, -(-end // self.block_rows)):
            start = number * self.block_rows
            yield _take(find_block(number), slice(max(first - start, 0), end - start))  # and keep no block meanwhile

    def _keep_block(self, number: int) -> Block:
        """Return all rows of a block, and keep it: callers must not pass it on, since a user could write into it."""
        kept = self._kept
        if kept is None or kept[0] != number:
            kept = self._kept = number, self._draw_block(number)
        return kept[1]

    def _draw_block(self, number: int) -> Block:
        random = self._make_generator(BLOCK_STREAM + number)
        classes = len(self._dilated)
        labels = random.random((self.block_rows // classes, classes), np.float32).argsort(axis=1).ravel()
        draw = self._draw_by_place if self.has_tables else self._draw_whole
        return draw(random, labels), labels.astype(np.uint8)

    def _draw_by_place(self, random: np.random.Generator, labels: Integers) -> Floats:
        """Return signals drawn in the order of their places, a few places at a time, and put into random rows."""
        tables = self._tables
        rows, (places, width, t), classes = len(labels), tables.shape, len(self._dilated)
        normals = width - classes - 2
        place = random.integers(places, size=rows, dtype=np.min_scalar_type(places))
        order = np.argsort(place, kind="stable")  # a radix sort for 16 bits
        ends = [0, *np.bincount(place, minlength=places).cumsum().tolist()]
        signals = np.empty((rows, t), np.float32)
        whole_rows = signals.view(f"V{signals.itemsize * t}")[:, 0]  # a row as one value is copied faster
        step, piece = max(1, CACHED_ROWS * places // rows), PRODUCT_SIZE // (width * t)
        for first in range(0, places, step):
            last = min(first + step, places)
            start, end = ends[first], ends[last]
            features = np.empty((width, end - start), np.float32)
            random.standard_normal(dtype=np.float32, out=features[:normals])
            features[normals:-2] = 0
            scale = 1 + self.config.scale_coeff * (random.random(end - start, np.float32) - 0.5)
            features[normals + labels[order[start:end]], np.arange(end - start)] = scale
            features[-2] = random.random(end - start, np.float32) - 0.5
            features[-1] = 1
            drawn = np.empty((end - start, t), np.float32)
            for table, i, j in zip(tables[first:last], ends[first:], ends[first + 1 :], strict=False):
                for cut in range(i - start, j - start, piece):
                    part = slice(cut, min(cut + piece, j - start))
                    np.matmul(features[:, part].T, table, out=drawn[part])
            whole_rows[order[start:end]] = drawn.view(whole_rows.dtype)[:, 0]
        return signals

    def _draw_whole(self, random: np.random.Generator, labels: Integers) -> Floats:
        rows = len(labels)
        noise = random.standard_normal((2, rows, self.config.dilated_length), np.float32)
        draws = Draws(
            padding=random.integers(self.config.paddings, size=rows),
            scale=random.random(rows, np.float32),
            translation=random.integers(self.config.max_translation, size=rows),
            corr_noise=noise[0],
            iid_noise=noise[1],
            shear=random.random(rows, np.float32),
        )
        signals = (make_signals(self._dilated, labels, draws, self.config) - self._mean) / self.std
        return signals[:, self._order].astype(np.float32)

    @property
    def _tables(self) -> Floats:
        """The matrices of all places; streams that differ in seed alone share them, and hold none between blocks."""
        shared = replace(self.config, num_samples=1, train_split=0.0, shuffle_seq=False, seed=0)
        tables = _make_tables(self._dilated.tobytes(), self._dilated.shape, shared)
        return tables[:, :, self._order] if self.config.shuffle_seq else tables

    def _make_generator(self, stream: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=np.array([self.config.seed, stream], np.uint64)))


def _check_rows(rows: int, first_row: int) -> tuple[int, int]:
    first = check_integer("first_row", first_row, 0, MAX_ROW)
    return first, first + check_integer("rows", rows, 0, MAX_ROW - first)


def _take(block: Block, part: slice) -> Block:
    return block[0][part], block[1][part]


def fill(arrays: tuple[Array, ...], parts: Iterable[tuple[Array, ...]]) -> None:
    """Write successive parts of arrays into the whole arrays."""
    start = 0
    for part in parts:
        end = start + len(part[0])
        for array, values in zip(arrays, part, strict=True):
            array[start:end] = values
        start = end


@lru_cache(maxsize=2)  # of up to 64 MiB each
def _make_tables(dilated: bytes, shape: tuple[int, ...], config: Mnist1dConfig) -> Floats:
    templates = np.frombuffer(dilated).reshape(shape)
    tables = make_tables(templates, config, *measure_moments(templates, config))
    tables.flags.writeable = False
    return tables
