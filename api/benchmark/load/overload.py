"""What becomes of the service under many times the load that it can bear, and of its memory under large answers."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from api.benchmark.contenders.processes import Running
from api.benchmark.load.generator import Group
from api.benchmark.load.run import put_load

TIMES = 10  # the capacity
CONNECTIONS_AT_CAPACITY = 16
CONNECTIONS = 640
WATCH_SECONDS = 0.02
MEGABYTE = 1e6


class MemoryWatch:
    """The greatest resident memory of a server while it was watched, beyond that at the beginning, in bytes."""

    growth = 0


@contextmanager
def watch_memory(running: Running) -> Iterator[MemoryWatch]:
    """Yield what holds the growth of a server's memory when the block has ended."""
    watch, ended = MemoryWatch(), threading.Event()
    before = running.measure_memory()

    def look() -> None:
        while not ended.wait(WATCH_SECONDS):
            watch.growth = max(watch.growth, running.measure_memory() - before)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()


def measure_overload(running: Running, request: bytes, seconds: float) -> dict[str, float]:
    """Return what came of requests at capacity, and then of ten times as many a second for that many seconds.

    Capacity is what 16 connections reach that ask again as soon as they are answered. The load beyond it comes at a
    fixed rate, whatever becomes of it, on 640 connections. Each answer is compared with the right one.
    """
    capacity = put_load(running, [Group(request, CONNECTIONS_AT_CAPACITY)], min(seconds, 5.0))[0]
    rate = capacity.answered / capacity.seconds
    with watch_memory(running) as watch:
        began = time.perf_counter()
        outcome = put_load(running, [Group(request, CONNECTIONS, TIMES * rate, check=True)], seconds, warm_up=0.0)[0]
        took = time.perf_counter() - began
    refused = outcome.statuses.pop("429", 0)
    sent = outcome.answered + refused + outcome.lost + sum(outcome.statuses.values())
    return {
        "capacity": rate,
        "p99 at capacity": capacity.p99,
        "offered": TIMES * rate,
        "sent": sent / took,
        "accepted": outcome.answered / outcome.seconds,
        "p50 of the accepted": outcome.p50,
        "p99 of the accepted": outcome.p99,
        "refused": refused / sent,
        "wrong or lost": outcome.wrong + outcome.lost + sum(outcome.statuses.values()),
        "memory": watch.growth / MEGABYTE,
    }


def measure_large_memory(running: Running, groups: Sequence[Group], seconds: float) -> float:
    """Return by how many megabytes a server's memory grows while it answers large requests."""
    with watch_memory(running) as watch:
        put_load(running, groups, seconds)
    return watch.growth / MEGABYTE
