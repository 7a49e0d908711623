"""What the service must reach, as ratios within one run wherever a ratio says it: they survive a busy machine.

Servers of others are compared by requests a second; the service with its own echo and networks by the processor's
seconds, which hold even where others use the machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from api.benchmark.suite import BATCHES, LARGE_ROWS, PRODUCTS, Results, name_load

KERAS = "FastAPI, Keras called directly"


@dataclass(frozen=True)
class Goal:
    """A goal.

    Attributes:
        work: of what.
        measure: the figure, from the results; raises `KeyError` for the name of a part that is missing.
        unit: behind the figure.
        least, most: one of which it must keep to.
    """

    work: str
    measure: Callable[[Results], float]
    unit: str = "x"
    least: float | None = None
    most: float | None = None

    def is_met(self, figure: float) -> bool:
        """Return whether a figure is good enough."""
        return (self.least is None or figure >= self.least) and (self.most is None or figure <= self.most)

    @property
    def wanted(self) -> str:
        """The goal in words."""
        bound, number = ("at least", self.least) if self.least is not None else ("at most", self.most)
        return f"{bound} {number:g}{self.unit}"


@dataclass(frozen=True)
class Verdict:
    """What became of a goal.

    Attributes:
        figure: None if it could not be measured, for want of `missing`.
    """

    goal: Goal
    figure: float | None
    missing: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it was measured, and met."""
        return self.figure is not None and self.goal.is_met(self.figure)


def judge(results: Results) -> list[Verdict]:
    """Return what became of each goal."""
    return [_judge(goal, results) for goal in make_goals()]


def _judge(goal: Goal, results: Results) -> Verdict:
    try:
        return Verdict(goal, goal.measure(results))
    except KeyError as error:
        return Verdict(goal, None, str(error.args[0]))


def find_peak(results: Results) -> float:
    """Return the operations a second of the faster of the two matrix products."""
    return max(results.samples[name].rate for name in PRODUCTS) * results.figures["flop of product"]


def share_of_peak(results: Results, name: str, batch: int) -> float:
    """Return how much of the matrix product's speed a network reaches, in per cent; "decoder" or "encoder"."""
    flops = results.samples[f"{name} {batch}"].rate * batch * results.figures[f"flop of {name}"]
    return 100 * flops / find_peak(results)


def make_goals() -> list[Goal]:
    """Return all goals, in the order of the table."""
    return [*_alone(), *_one_row(), *_many_rows(), *_others()]


def _alone() -> Iterator[Goal]:
    largest = BATCHES[-1]
    for name in ("decoder", "encoder"):
        work = f"{name} alone, batch {largest}, of the matrix product"
        yield Goal(work, partial(share_of_peak, name=name, batch=largest), " %", least=88)
    yield Goal("decoder alone, batch 1, Keras called directly", _ratio("decoder 1", "Keras called directly"), least=40)


def _one_row() -> Iterator[Goal]:
    times = {"MLServer": (5, 8), "LitServe": (25, 40), "BentoML": (15, 25), KERAS: (50, 80)}
    for connections in (16, 64):
        for number, payload in enumerate(("JSON", ".npy")):
            ours = name_load(f"service, {payload}", 1, connections)
            work = f"1 row, {connections} connections, {payload}"
            for other, wanted in times.items():
                ratio = _ratio(ours, name_load(other, 1, connections))
                yield Goal(f"{work}, of {other}", ratio, least=wanted[number])
            if payload == "JSON":
                ratio = _share(ours, name_load("echo, JSON", 1, connections))
                yield Goal(f"{work}, of its echo", ratio, " %", least=60)
            yield Goal(f"{work}, p99 of p50", _spread(ours), most=4)


def _many_rows() -> Iterator[Goal]:
    ours = name_load("service, .npy", 64, 16)
    work = "64 rows, 16 connections, .npy"
    yield Goal(f"{work}, of the decoder alone", _share(ours, "decoder 64"), " %", least=65)
    for other, wanted in (("MLServer", 6), ("LitServe", 100), (KERAS, 100)):
        yield Goal(f"{work}, of {other}", _ratio(ours, name_load(other, 64, 16)), least=wanted)
    two = name_load("service of two processes, .npy", 64, 16)
    yield Goal(f"{work}, two processes of one", _ratio(two, ours), least=1.6)
    work = "64 rows to encode, 16 connections, .npy, of the encoder alone"
    yield Goal(work, _share(name_load("encode", 64, 16), "encoder 64"), " %", least=65)
    times = LARGE_ROWS / BATCHES[-1]
    work = "10,000 rows in one request, .npy"
    yield Goal(f"{work}, of the decoder alone", _share("large .npy", f"decoder {BATCHES[-1]}", times), " %", least=70)
    yield Goal(f"{work}, growth of memory for four", _figure("large memory"), " MB", most=8)


def _others() -> Iterator[Goal]:
    for payload, most in ((".npy", 12), ("JSON", 60)):
        name = f"beside {payload}"
        work = f"p99 of 1 row beside four clients of 10,000 rows, {payload}"
        yield Goal(work, _p99(name), " ms", most=most)
    yield Goal("data.npz, of nginx", _ratio("download", "download from nginx"), least=1)
    work = "ten times the capacity"
    yield Goal(f"{work}, p99 of the accepted, of that at capacity", _overload_p99, most=3)
    yield Goal(f"{work}, wrong or lost", _figure("overload: wrong or lost"), "", most=0)
    yield Goal(f"{work}, growth of memory", _figure("overload: memory"), " MB", most=64)
    yield Goal("start to first answer, less verifying", _start_less_verifying, " s", most=0.6)
    yield Goal("memory after the first answer", _figure("memory of service, .npy"), " MB", most=130)


def _ratio(ours: str, theirs: str) -> Callable[[Results], float]:
    return lambda results: results.samples[ours].rate / results.samples[theirs].rate


def _share(whole: str, part: str, times: float = 1.0) -> Callable[[Results], float]:
    """Return a measure of how much of the processor's seconds of the whole that many of the part take, in per cent."""

    def measure(results: Results) -> float:
        if not results.samples[whole].work:
            raise KeyError(f"{whole}: the processor's seconds")
        return 100 * times * results.samples[part].work / results.samples[whole].work

    return measure


def _spread(name: str) -> Callable[[Results], float]:
    return lambda results: results.samples[name].p99 / results.samples[name].p50


def _p99(name: str) -> Callable[[Results], float]:
    return lambda results: 1e3 * results.samples[name].p99


def _figure(name: str) -> Callable[[Results], float]:
    return lambda results: results.figures[name]


def _overload_p99(results: Results) -> float:
    return results.figures["overload: p99 of the accepted"] / results.figures["overload: p99 at capacity"]


def _start_less_verifying(results: Results) -> float:
    return results.figures["start of service, .npy"] - 1 / results.samples["verify"].rate
