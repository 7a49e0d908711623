"""The time and memory to read files of the "Variations on the MNIST digits": the obvious way, and ours.

Beside them stands a floor: read the text and fill an array, without any parsing. All read the same two files of full
size, in turns within one run, each time in a process of its own on one thread. The least time counts: whatever else the
machine does can only add to it.
"""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from tabulate import tabulate

from ld_data.errors import IntegrityError
from ld_data.progress import show_progress
from ld_data.storage.hashing import hash_arrays
from ld_data.typing import Array
from ld_data.variations.amat import BLOCK_BYTES, CLASSES, PIXELS, SIDE, read_amat
from ld_data.variations.backgrounds import Patches, make_textures
from ld_data.variations.published import TEST_ROWS, TRAIN_ROWS
from ld_data.work.memory import read_peak

Notation = Literal["matlab", "short"]
FORMATS: dict[Notation, str] = {"matlab": "%.7e", "short": "%.8g"}
DISTINCT_ROWS = 500  # written again and again: neither way remembers a row
MEGABYTE = 1e6


@dataclass(frozen=True)
class Reading:
    """The cost to read both files one way: the least of all turns.

    Attributes:
        way: "lists" of Python's numbers, as in the seed's notebook; "ours"; or "floor".
        seconds: CPU seconds.
        elapsed: seconds on the clock.
        peak: the most bytes of memory of the whole process, the greatest of all turns.
        digest: of the arrays; empty for the floor.
    """

    way: str
    seconds: float
    elapsed: float
    peak: int
    digest: str


def measure_reading(
    turns: int = 3, notation: Notation = "matlab", rows: tuple[int, int] = (TRAIN_ROWS, TEST_ROWS)
) -> dict[str, Reading]:
    """Return the readings of all ways, by name, of files of that many rows; raise `IntegrityError` if two differ."""
    found: dict[str, list[Reading]] = {way: [] for way in WAYS}
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{split}.amat" for split in ("train", "test")]
        _write_files(paths, rows, notation)
        for _ in show_progress(range(turns), "turns"):
            for way, readings in found.items():
                with ProcessPoolExecutor(1, get_context("spawn")) as process:  # with memory of its own
                    readings.append(process.submit(_measure, way, paths, rows).result())
    if len({reading.digest for readings in found.values() for reading in readings} - {""}) > 1:
        raise IntegrityError("the two ways read different numbers from the same files. Please report this.")
    return {way: _find_least(readings) for way, readings in found.items()}


def describe_reading(readings: dict[str, Reading]) -> str:
    """Return the readings of files of full size as a table: seconds, memory, and ratios of the two ways."""
    rows, lists, ours = TRAIN_ROWS + TEST_ROWS, readings["lists"], readings["ours"]
    final, numbers = rows * PIXELS * np.dtype(np.float32).itemsize, rows * (PIXELS + 1)
    lines = [
        (way, one.seconds, one.elapsed, 1e9 * one.seconds / numbers, one.peak / MEGABYTE, one.peak / final)
        for way, one in readings.items()
    ]
    headers = ("", "CPU s", "s", "ns a number", "peak MB", "x the array")
    formats = ("", ".2f", ".2f", ".1f", ".0f", ".2f")
    return (
        f"{tabulate(lines, headers, 'plain', floatfmt=formats, numalign='right')}\n"
        f"ours takes 1/{lists.seconds / ours.seconds:.1f} of the processor's time, "
        f"1/{lists.elapsed / ours.elapsed:.1f} of that on the clock\n"
        f"the array has {final / MEGABYTE:.0f} MB; a peak includes the whole process"
    )


def _find_least(readings: list[Reading]) -> Reading:
    (way, *_), seconds, elapsed, peak, (digest, *_) = zip(*map(astuple, readings), strict=True)
    return Reading(way, min(seconds), min(elapsed), max(peak), digest)


def _write_files(paths: list[Path], rows: tuple[int, int], notation: Notation) -> None:
    patches = Patches(make_textures(), (SIDE, SIDE), 0.0).make_rows(0, 0, DISTINCT_ROWS).reshape(-1, PIXELS)
    table = np.column_stack([patches, np.arange(DISTINCT_ROWS) % CLASSES])
    form = " ".join([FORMATS[notation]] * (PIXELS + 1)) + "\n"
    lines = [(form % tuple(row)).encode() for row in table.tolist()]
    for path, count in zip(paths, rows, strict=True):
        with path.open("wb") as file:
            for start in range(0, count, DISTINCT_ROWS):
                file.writelines(lines[: count - start])


def _measure(way: str, paths: list[Path], rows: tuple[int, int]) -> Reading:
    elapsed, seconds = time.perf_counter(), time.process_time()
    arrays = WAYS[way](paths, rows)
    seconds, elapsed = time.process_time() - seconds, time.perf_counter() - elapsed
    return Reading(way, seconds, elapsed, read_peak(), hash_arrays(*arrays) if arrays else "")


def _read_as_lists(paths: list[Path], rows: tuple[int, int]) -> list[Array]:
    """Return images and classes of both files, from lists of Python's numbers for all rows at once."""
    lists = []
    for path in paths:
        with path.open() as file:
            lists.append([[float(word) for word in line.split()] for line in file])
    tables = [np.array(table, np.float32) for table in lists]
    return [array for table in tables for array in (table[:, :PIXELS], table[:, PIXELS].astype(np.uint8))]


def _read_as_ours(paths: list[Path], rows: tuple[int, int]) -> list[Array]:
    arrays: list[Array] = []
    for path, count in zip(paths, rows, strict=True):
        with path.open("rb", buffering=0) as file:
            arrays += read_amat(file, path.name, count)
    return arrays


def _read_without_parsing(paths: list[Path], rows: tuple[int, int]) -> list[Array]:
    """Return nothing: read the text in blocks, and fill an array of the images' size."""
    block = bytearray(BLOCK_BYTES)
    for path, count in zip(paths, rows, strict=True):
        with path.open("rb", buffering=0) as file:
            while file.readinto(block):
                pass
        np.empty((count, PIXELS), np.float32).fill(0)
    return []


WAYS: dict[str, Callable[[list[Path], tuple[int, int]], list[Array]]] = {
    "lists": _read_as_lists,
    "ours": _read_as_ours,
    "floor": _read_without_parsing,
}
