"""Loads on servers, by the load generator in a process of its own."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, wait
from dataclasses import fields, replace
from multiprocessing import get_context

from api.benchmark.generator import Group, Sample, run_load
from api.benchmark.http import Request
from api.benchmark.processes import Running, keep_to_core
from api.errors import StartError

TIMES = 10  # the capacity
CONNECTIONS_AT_CAPACITY = 16
CONNECTIONS = 640
CAPACITY_SECONDS = 5.0
WATCH_SECONDS = 0.02
MEGABYTE = 1e6


def summarise(samples: Sequence[Sample]) -> Sample:
    """Return the medians over turns, and the sum of the failures."""
    medians = {
        field.name: statistics.median(getattr(sample, field.name) for sample in samples) for field in fields(Sample)
    }
    return Sample(**{**medians, "failures": sum(sample.failures for sample in samples)})


def make_generator() -> ProcessPoolExecutor:
    """Return a process for `run_load` on the last core, to be ended by `with`; it starts with the first load."""
    return ProcessPoolExecutor(1, get_context("spawn"), keep_to_core, (0, -1))


def take_sample(
    generator: ProcessPoolExecutor, running: Running, groups: Sequence[Group], seconds: float, warm_up: float = 0.0
) -> Sample:
    """Return a sample of the last group, while the others are at work, too.

    Raises:
        StartError: if nothing is answered 200, or if the server or the generator ends.
    """
    cpu = running.measure_cpu()
    sample, _ = _put(generator, running, groups, seconds, warm_up)
    return replace(sample, work=(running.measure_cpu() - cpu) / sample.requests)


def measure_growth(generator: ProcessPoolExecutor, running: Running, groups: Sequence[Group], seconds: float) -> float:
    """Return by how many megabytes a server's memory grows under a load; see `take_sample` for errors."""
    return _put(generator, running, groups, seconds, watch=WATCH_SECONDS)[1]


def measure_overload(
    generator: ProcessPoolExecutor, running: Running, request: Request, seconds: float
) -> dict[str, float]:
    """Return the figures of requests at capacity, and then of ten times as many a second for that many seconds.

    Capacity is what 16 connections reach that send again with each answer. The load beyond it has a fixed rate on
    640 connections. Each answer is compared with the right one. See `take_sample` for errors.
    """
    capacity = take_sample(
        generator, running, [Group(request, CONNECTIONS_AT_CAPACITY)], min(seconds, CAPACITY_SECONDS)
    )
    group = Group(request, CONNECTIONS, TIMES * capacity.rate, check=True)
    began = time.perf_counter()
    sample, growth = _put(generator, running, [group], seconds, watch=WATCH_SECONDS)
    took = time.perf_counter() - began
    return {
        "requests a second at capacity": capacity.rate,
        "p99 at capacity, ms": 1e3 * capacity.p99,
        "requests a second offered": group.rate,
        "requests a second sent": sample.requests / took,
        "requests a second accepted": sample.rate,
        "p50 of the accepted, ms": 1e3 * sample.p50,
        "p99 of the accepted, ms": 1e3 * sample.p99,
        "refused with 429, %": 100 * sample.refused / sample.requests,
        "wrong or lost": sample.failures,
        "memory growth, MB": growth,
    }


def _put(
    generator: ProcessPoolExecutor,
    running: Running,
    groups: Sequence[Group],
    seconds: float,
    warm_up: float = 0.0,
    watch: float | None = None,
) -> tuple[Sample, float]:
    """Return a sample, and by how many megabytes the server's memory grew, measured each `watch` seconds."""
    before = largest = running.measure_memory()
    try:
        future = generator.submit(run_load, running.port, groups, seconds, warm_up)
        while not wait([future], watch).done:
            largest = max(largest, running.measure_memory())
        return future.result(), (largest - before) / MEGABYTE
    except (OSError, BrokenExecutor) as error:
        raise StartError(f"the load generator failed: {error}") from error
