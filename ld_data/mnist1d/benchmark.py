"""The speed of MNIST-1D generators: the original package, both modes, and the bare draws of their normals.

All are timed in turns within one run and on one thread, so that their ratios hold on a busy machine.
"""

import dataclasses
import statistics
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from tabulate import tabulate
from threadpoolctl import threadpool_limits

from ld_data.extras import name_missing
from ld_data.mnist1d.config import Mnist1dConfig, make_templates
from ld_data.mnist1d.data import get_dataset_args
from ld_data.mnist1d.dataset import make_canonical
from ld_data.mnist1d.stream import SignalStream
from ld_data.progress import show_progress

PACKAGE_ROWS, CANONICAL_ROWS, FAST_BLOCKS = 1000, 5000, 3


@dataclasses.dataclass(frozen=True)
class Timing:
    """The time of one way to make signals.

    Attributes:
        way: "package", "canonical", "fast" or "normals".
        rows: signals a turn.
        nanoseconds: of one signal, the median over turns.
        spread: the greatest time of a turn over the least.
    """

    way: str
    rows: int
    nanoseconds: float
    spread: float


def measure_speed(turns: int = 7) -> dict[str, Timing]:
    """Return the timings of all ways by name, with the published set's arguments, after a turn that does not count."""
    with name_missing():
        from mnist1d.data import make_dataset  # import late: not an extra of LD-Data
    args, stream = get_dataset_args(), SignalStream()
    args.num_samples = PACKAGE_ROWS
    templates, config = make_templates(), Mnist1dConfig(num_samples=CANONICAL_ROWS)
    block = np.empty((stream.config.final_seq_length, stream.block_rows), np.float32)
    rows, random = FAST_BLOCKS * stream.block_rows, np.random.Generator(np.random.Philox(0))  # the stream's kind
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "package": (PACKAGE_ROWS, lambda: make_dataset(args)),
        "canonical": (CANONICAL_ROWS, lambda: make_canonical(templates, config)),
        "fast": (rows, lambda: deque(stream.iterate(rows), maxlen=0)),
        "normals": (rows, lambda: [random.standard_normal(out=block, dtype=np.float32) for _ in range(FAST_BLOCKS)]),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    with threadpool_limits(1):
        for turn in show_progress(range(turns + 1), "turns"):
            for way, (_, make) in ways.items():
                start = time.perf_counter()
                make()
                if turn:
                    seconds[way].append(time.perf_counter() - start)
    return {
        way: Timing(way, rows, statistics.median(seconds[way]) / rows * 1e9, max(seconds[way]) / min(seconds[way]))
        for way, (rows, _) in ways.items()
    }


def describe_speed(timings: dict[str, Timing]) -> str:
    """Return the timings as a table, with the ratio of each way to the package and to the draws of the normals."""
    package, normals = timings["package"].nanoseconds, timings["normals"].nanoseconds
    rows = [
        (way, own := timing.nanoseconds, 1e9 / own, package / own, own / normals, timing.spread)
        for way, timing in timings.items()
    ]
    headers = ("", "ns a signal", "signals a s", "x package", "x normals", "spread")
    formats = ("", ",.0f", ",.0f", ",.1f", ",.2f", ".2f")
    return tabulate(rows, headers, "plain", floatfmt=formats, numalign="right")
