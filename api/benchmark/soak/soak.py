"""A soak: many kinds of visitors for minutes on end, memory watched, and one process killed in the middle."""

import contextlib
import http.client
import os
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from api.benchmark.contenders.processes import Running, find_descendants, read_resident, start
from api.benchmark.contenders.registry import Contender, Setting, ask_in_npy, make_service_command
from api.benchmark.soak.visitors import OK, REFUSED, Visit, find_place, iterate_pauses, list_receipts, make_visitors
from ld_data.errors import StartError
from ld_data.release.dataset import LatentDataset

MEGABYTE = 1e6
MAX_GROWTH = 32.0  # MB, of the last quarter's median over that of the second
REPLACED_SECONDS = 30.0
CUT_SECONDS = 5.0  # after a process was killed, in which connections to it may break
CUT = "cut off by the kill"


@dataclass
class Soak:
    """What came of a soak.

    Attributes:
        minutes: that it took.
        outcomes: how often each visitor met what: "ok", "refused with 429", or a surprise.
        memory: resident megabytes, at equal distances of time.
        scores: that the service took, and of these `missing` at the end.
        killed: whether a process was killed, and `replaced`.
        surprises: what should not have been.
    """

    minutes: float
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    scores: int = 0
    missing: int = 0
    killed: bool = False
    replaced: bool = False
    surprises: list[str] = field(default_factory=list)


def soak(data: LatentDataset, folder: Path, minutes: float, workers: int, progress: bool = True) -> Soak:
    """Return what came of visitors of all kinds to a service of its own; raises `StartError` if it does not start.

    With two processes or more, one is killed half-way.
    """
    options = ("--workers", str(workers)) if workers > 1 else ()
    service = Contender("service", make_service_command(*options), ask_in_npy, core=None)
    with TemporaryDirectory(prefix="ld-data-soak-") as scratch:
        setting = Setting(folder.resolve(), sys.executable, Path(scratch))
        with start(service.make_program(setting, data.test.x[:1])) as running:
            return _Day(running, folder.resolve().name, minutes, progress).spend(kill=workers > 1)


class _Day:
    """The visits, and who watches."""

    def __init__(self, running: Running, release: str, minutes: float, progress: bool) -> None:
        self._running, self._progress = running, progress
        self._place = find_place(running.port, release)
        self._result = Soak(minutes)
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._killed_at = float("-inf")

    def spend(self, kill: bool) -> Soak:
        receipts: set[str] = set()
        with ExitStack() as connections:
            visitors = make_visitors(self._place, receipts, connections)
            self._entertain(visitors, kill)
        result = self._result
        result.scores, result.missing = len(receipts), len(receipts - list_receipts(self._place))
        for (name, outcome), times in sorted(self._outcomes.items()):
            result.outcomes.setdefault(name, {})[outcome] = times
        result.surprises = find_surprises(result, set(visitors), kill)
        return result

    def _entertain(self, visitors: dict[str, tuple[float, Visit]], kill: bool) -> None:
        """Let each visitor come in a thread of its own until the time is over."""
        threads = [threading.Thread(target=self._visit, args=(name, *visitor)) for name, visitor in visitors.items()]
        for thread in threads:
            thread.start()
        try:
            self._watch(kill)
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _visit(self, name: str, pause: float, visit: Visit) -> None:
        for seconds in iterate_pauses(pause):
            try:
                outcome = visit()
            except (OSError, http.client.HTTPException) as error:
                is_cut = time.monotonic() - self._killed_at < CUT_SECONDS
                outcome = CUT if is_cut else f"{type(error).__name__}: {error}"
            with self._lock:
                self._outcomes[name, outcome] += 1
            if self._ended.wait(seconds):
                return

    def _watch(self, kill: bool) -> None:
        seconds = 60 * self._result.minutes
        pause, began = seconds / 40, time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            time.sleep(min(pause, seconds - passed))
            self._result.memory.append(self._running.measure_memory() / MEGABYTE)
            if self._running.process.poll() is not None:
                raise StartError(f"the service ended with status {self._running.process.returncode}")
            if kill and not self._result.killed and time.monotonic() - began > seconds / 2:
                self._kill_one()
            self._tell(passed)

    def _kill_one(self) -> None:
        """Kill the largest of the service's processes, and see whether another takes its place."""
        children = find_descendants(self._running.process.pid)
        if not children:
            return
        victim = max(children, key=read_resident)
        least, before = read_resident(victim) / 2, self._count_workers(read_resident(victim) / 2)
        self._killed_at, self._result.killed = time.monotonic(), True
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        while time.monotonic() - self._killed_at < REPLACED_SECONDS and not self._result.replaced:
            time.sleep(0.2)
            gone = victim not in find_descendants(self._running.process.pid)
            self._result.replaced = gone and self._count_workers(least) >= before

    def _count_workers(self, least: float) -> int:
        return sum(read_resident(pid) >= least for pid in find_descendants(self._running.process.pid))

    def _tell(self, passed: float) -> None:
        if self._progress:
            visits = sum(self._outcomes.values())
            print(
                f"{passed:6.0f} s  {self._result.memory[-1]:7.1f} MB  {visits:9,} visits", file=sys.stderr, flush=True
            )


def find_surprises(result: Soak, visitors: set[str], kill: bool) -> list[str]:
    """Return what should not have been, in a soak of these visitors that was to kill a process or not."""
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
        surprises.append(f"{result.missing} of {result.scores} scores that were taken are not in the log")
    if kill and not result.killed:
        surprises.append("no process was found to be killed")
    if result.killed and not result.replaced:
        surprises.append("the process that was killed was not replaced")
    return surprises


def measure_growth(memory: Sequence[float]) -> float:
    """Return by how much the median of the last quarter exceeds that of the second; 0 for fewer than four values."""
    quarter = len(memory) // 4
    if not quarter:
        return 0.0
    return statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter])


def describe_soak(result: Soak) -> str:
    """Return what came of a soak, in words."""
    lines = [f"{result.minutes:g} minutes"]
    for name, outcomes in result.outcomes.items():
        lines.append(f"  {name:<28} " + "; ".join(f"{outcome} {times:,}" for outcome, times in outcomes.items()))
    shown = result.memory[:: max(1, len(result.memory) // 10)]
    lines.append(
        f"memory in MB: {' '.join(f'{value:.0f}' for value in shown)}; growth {measure_growth(result.memory):.1f}"
    )
    lines.append(f"scores: {result.scores} taken, {result.missing} missing")
    if result.killed:
        lines.append(f"one process was killed and {'replaced' if result.replaced else 'NOT replaced'}")
    lines += [f"SURPRISE: {surprise}" for surprise in result.surprises] or ["no surprise"]
    return "\n".join(lines)
