"""The ways to make shards that are compared, in turns."""

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from threadpoolctl import threadpool_limits

from ld_data.shards.making import LoadCodec, make_shards
from ld_data.shards.records import ShardRecord, name_record
from ld_data.work.workers import HERE, Workers, open_workers

LOOP, ONE, TWO, PROCESSES = "loop", "one worker", "two workers", "two processes"


@dataclass(frozen=True)
class Way:
    """A way to make shards in a folder, so many at once.

    Attributes:
        records: of the shards that count.
        costs, walls: of each turn: microseconds of the processor for a row, and seconds by the clock.
    """

    folder: Path
    make: Callable[[Path, range], list[ShardRecord]]
    at_once: int = 1
    records: list[ShardRecord] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)

    def take_turn(self, turn: int) -> None:
        """Make the shards of a turn."""
        began = time.perf_counter()
        records = self.make(self.folder, range(turn * self.at_once, (turn + 1) * self.at_once))
        if turn:  # the first one loads the models
            self.walls.append(time.perf_counter() - began)
            self.costs.append(statistics.mean(record.seconds / record.rows for record in records) * 1e6)
            self.records.extend(records)


def compare(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the median over turns of the ratio to another way."""
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


def open_ways(folder: Path, load_codec: LoadCodec, places: ExitStack) -> tuple[dict[str, Way], float, Workers]:
    """Return the ways by name, the seconds until two workers are there, and these."""
    process = places.enter_context(ProcessPoolExecutor(1, get_context("spawn")))

    def make_in_loop(place: Path, numbers: range) -> list[ShardRecord]:
        return process.submit(_make_in_loop, place, numbers, load_codec).result()

    def make_by(workers: Workers) -> Callable[[Path, range], list[ShardRecord]]:
        return lambda place, numbers: make(place, numbers, load_codec, workers)

    one = places.enter_context(open_workers(cluster="local:1"))
    pool = places.enter_context(open_workers(2))
    began = time.perf_counter()
    two = places.enter_context(open_workers(cluster="local:2"))
    start = time.perf_counter() - began
    ways = {
        LOOP: Way(folder / LOOP, make_in_loop),
        ONE: Way(folder / ONE, make_by(one)),
        PROCESSES: Way(folder / PROCESSES, make_by(pool), 2),
        TWO: Way(folder / TWO, make_by(two), 2),
    }
    return ways, start, two


def _make_in_loop(folder: Path, numbers: range, load_codec: LoadCodec) -> list[ShardRecord]:
    with threadpool_limits(1):
        return make(folder, numbers, load_codec, HERE)


def make(folder: Path, numbers: range, load_codec: LoadCodec, workers: Workers) -> list[ShardRecord]:
    """Return the records of shards, made by workers."""
    return [
        ShardRecord.read(folder / name_record(number)) for number in make_shards(folder, numbers, load_codec, workers)
    ]
