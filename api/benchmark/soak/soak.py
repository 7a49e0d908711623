"""A soak: many kinds of visitors for minutes on end, memory measured, and one process killed half-way."""

import contextlib
import os
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from api.benchmark.contenders import SERVE, Contender, Setting, ask_in_npy
from api.benchmark.load import MEGABYTE
from api.benchmark.processes import Running, find_descendants, read_resident
from api.benchmark.soak.visitors import (
    OK,
    REFUSED,
    Visit,
    connect,
    iterate_pauses,
    list_receipts,
    make_visitors,
)
from api.errors import StartError

MAX_GROWTH = 32.0  # MB, of the last quarter's median over that of the second
WORKER_BYTES = 2**26  # of a process that has loaded the models
REPLACED_SECONDS = 30.0
CUT_SECONDS = 5.0  # after a kill, in which connections to the process may break
CUT = "cut off by the kill"


@dataclass
class Soak:
    """The outcome of a soak.

    Attributes:
        minutes: its length.
        outcomes: how often each visitor had which outcome: "ok", "refused with 429", or a surprise.
        memory: resident megabytes, at equal intervals.
        scores: how many the service accepted; `missing` of them were not in its log at the end.
        killed: whether a process was killed, and `replaced`.
        surprises: one line for each event that should not have happened.
    """

    minutes: float
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    scores: int = 0
    missing: int = 0
    killed: bool = False
    replaced: bool = False
    surprises: list[str] = field(default_factory=list)


def soak(folder: Path, minutes: float, workers: int, progress: bool = True) -> Soak:
    """Return the outcome of a soak of a service of its own; of two processes or more, one is killed half-way.

    Raises:
        StartError: if the service does not start, or ends.
    """
    command = f"{SERVE} --workers {workers}" if workers > 1 else SERVE
    service = Contender("service", command, ask_in_npy, core=None)
    with TemporaryDirectory(prefix="ld-data-soak-") as scratch:
        setting = Setting.read(folder, sys.executable, Path(scratch))
        with service.start(setting) as running, connect(running.port) as client:
            return _Day(running, minutes, progress).spend(client, setting, kill=workers > 1)


class _Day:
    """The visits, and the measurements meanwhile."""

    def __init__(self, running: Running, minutes: float, progress: bool) -> None:
        self._running, self._progress = running, progress
        self._result = Soak(minutes)
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._killed_at = float("-inf")

    def spend(self, client: httpx2.Client, setting: Setting, kill: bool) -> Soak:
        receipts = set[str]()
        visitors = make_visitors(client, setting, receipts)
        threads = [threading.Thread(target=self._visit, args=(name, *visitor)) for name, visitor in visitors.items()]
        for thread in threads:
            thread.start()
        try:
            self._watch(kill)
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()
        result = self._result
        result.scores, result.missing = len(receipts), len(receipts - list_receipts(client))
        for (name, outcome), times in sorted(self._outcomes.items()):
            result.outcomes.setdefault(name, {})[outcome] = times
        result.surprises = find_surprises(result, set(visitors), kill)
        return result

    def _visit(self, name: str, pause: float, visit: Visit) -> None:
        for seconds in iterate_pauses(pause):
            try:
                outcome = visit()
            except (OSError, httpx2.HTTPError) as error:
                is_cut = time.monotonic() - self._killed_at < CUT_SECONDS
                outcome = CUT if is_cut else f"{type(error).__name__}: {error}"
            with self._lock:
                self._outcomes[name, outcome] += 1
            if self._ended.wait(seconds):
                return

    def _watch(self, kill: bool) -> None:
        seconds, began = 60 * self._result.minutes, time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            time.sleep(min(seconds / 40, seconds - passed))
            self._result.memory.append(self._running.measure_memory() / MEGABYTE)
            if (status := self._running.process.poll()) is not None:
                raise StartError(f"the service ended with status {status}")
            if kill and not self._result.killed and time.monotonic() - began > seconds / 2:
                self._kill_one()
            if self._progress:
                visits = f"{self._result.memory[-1]:7.1f} MB  {sum(self._outcomes.values()):9,} visits"
                print(f"{passed:6.0f} s  {visits}", file=sys.stderr, flush=True)

    def _kill_one(self) -> None:
        """Kill one of the processes that serve, and wait for another in its place."""
        workers = self._list_workers()
        if not workers:
            return
        self._killed_at, self._result.killed = time.monotonic(), True
        with contextlib.suppress(ProcessLookupError):
            os.kill(workers[0], signal.SIGKILL)
        while time.monotonic() - self._killed_at < REPLACED_SECONDS and not self._result.replaced:
            time.sleep(0.2)
            now = self._list_workers()
            self._result.replaced = workers[0] not in now and len(now) >= len(workers)

    def _list_workers(self) -> list[int]:
        return [pid for pid in find_descendants(self._running.process.pid) if read_resident(pid) > WORKER_BYTES]


def find_surprises(result: Soak, visitors: set[str], kill: bool) -> list[str]:
    """Return a line for each event that a soak of these visitors, with or without a kill, should not have."""
    surprises = [
        f"{name}: {outcome}, {times} times"
        for name, outcomes in result.outcomes.items()
        for outcome, times in outcomes.items()
        if outcome not in (OK, REFUSED, CUT)
    ]
    surprises += [f"{name}: was never served" for name in visitors if OK not in result.outcomes.get(name, {})]
    if (growth := measure_growth(result.memory)) > MAX_GROWTH:
        surprises.append(f"memory grew by {growth:.0f} MB; at most {MAX_GROWTH:.0f} MB are expected")
    if result.missing:
        surprises.append(f"{result.missing} of {result.scores} accepted scores are not in the log")
    if kill and not result.killed:
        surprises.append("no process was found to be killed")
    if result.killed and not result.replaced:
        surprises.append("the killed process was not replaced")
    return surprises


def measure_growth(memory: Sequence[float]) -> float:
    """Return by how much the median of the last quarter exceeds that of the second; 0 for fewer than four values."""
    quarter = len(memory) // 4
    if not quarter:
        return 0.0
    return statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter])


def describe_soak(result: Soak) -> str:
    """Return the outcome of a soak as text."""
    lines = [f"{result.minutes:g} minutes"]
    for name, outcomes in result.outcomes.items():
        lines.append(f"  {name:<28} " + "; ".join(f"{outcome} {times:,}" for outcome, times in outcomes.items()))
    shown = " ".join(f"{value:.0f}" for value in result.memory[:: max(1, len(result.memory) // 10)])
    lines.append(f"memory in MB: {shown}; growth {measure_growth(result.memory):.1f}")
    lines.append(f"scores: {result.scores} accepted, {result.missing} missing")
    if result.killed:
        lines.append(f"one process was killed and {'replaced' if result.replaced else 'NOT replaced'}")
    lines += [f"SURPRISE: {surprise}" for surprise in result.surprises] or ["no surprise"]
    return "\n".join(lines)
