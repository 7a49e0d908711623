"""The benchmark: all parts in turns, round after round, so that disturbances of the machine hit all alike."""

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from api.benchmark.contenders import (
    BARE,
    ECHO,
    KERAS,
    LONG_WAY,
    NGINX,
    OTHERS,
    SERVICE,
    WORKERS,
    Ask,
    Contender,
    Setting,
    ask_for_file,
    ask_to_encode,
)
from api.benchmark.generator import Group, Sample, run_load
from api.benchmark.processes import Running, connect, keep_to_core
from api.errors import StartError
from ld_data.progress import show_progress

LOADS = ((1, 16), (1, 64), (64, 16))  # rows of a request, connections
LARGE_ROWS = 10_000
OVERLOAD_ROWS = 64
STARTS = 3
WARM_UP_SECONDS = 0.2  # of each turn
OVERLOAD = 10  # times the capacity
OVERLOAD_TURNS = 15  # it takes as long as so many turns
CONNECTIONS_AT_CAPACITY = 16
CONNECTIONS = 640
CAPACITY_SECONDS = 5.0
MEGABYTE = 1e6


@dataclass(frozen=True)
class Part:
    """A load on a contender, measured once a round.

    The groups are connections at the same time: what each asks, with how many rows, on how many connections. The last
    group is measured. The base is the name of the part of the service that it is compared with, and the floor that of
    the least that such a request costs.
    """

    name: str
    contender: Contender
    groups: tuple[tuple[Ask, int, int], ...]
    base: str = ""
    floor: str = ""


@dataclass
class Results:
    """The figures of a run, by name."""

    samples: dict[str, Sample] = field(default_factory=dict)  # medians of the parts' turns
    figures: dict[str, float] = field(default_factory=dict)  # not measured in turns
    ratios: dict[str, float] = field(default_factory=dict)  # how many times as fast as a part the service is
    multiples: dict[str, float] = field(default_factory=dict)  # processor time of a part, of that of its floor
    missing: dict[str, str] = field(default_factory=dict)  # why servers or parts are missing


def run(folder: Path, python: str, sections: Sequence[str], rounds: int, seconds: float) -> Results:
    """Return the results of the sections for the release in a folder; servers and parts that fail are left out.

    Each part has one turn of so many seconds a round. `python` is the interpreter that has the alternatives.
    """
    with ExitStack() as resources:
        scratch = Path(resources.enter_context(TemporaryDirectory(prefix="ld-data-benchmark-")))
        stage = _Stage(Setting.read(folder, python, scratch), resources)
        stage.take_turns([part for section in sections for part in PARTS.get(section, [])], rounds, seconds)
        if "overload" in sections:
            stage.measure_overload(OVERLOAD_TURNS * seconds)
        if "start" in sections:
            stage.measure_starts()
        return stage.results


def compute_ratios(parts: Sequence[Part], samples: Mapping[str, Sample]) -> dict[str, float]:
    """Return how many times as fast as each part with a base that base is, by requests a second."""
    return {
        part.name: samples[part.base].rate / samples[part.name].rate
        for part in parts
        if part.name in samples and part.base in samples
    }


def compute_multiples(parts: Sequence[Part], samples: Mapping[str, Sample]) -> dict[str, float]:
    """Return how many times the processor time of its floor each part with a floor takes, request by request."""
    return {
        part.name: samples[part.name].work / samples[part.floor].work
        for part in parts
        if part.name in samples and part.floor in samples and samples[part.floor].work
    }


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
    cpu = running.measure().cpu
    try:
        sample = generator.submit(run_load, running.port, groups, seconds, warm_up).result()
    except (OSError, BrokenExecutor) as error:
        raise StartError(f"the load generator failed: {error}") from error
    return replace(sample, work=(running.measure().cpu - cpu) / sample.requests)


class _Stage:
    """The running servers, and the results so far."""

    def __init__(self, setting: Setting, resources: ExitStack) -> None:
        self.results = Results()
        self._setting, self._resources = setting, resources
        self._generator = resources.enter_context(make_generator())
        self._running: dict[str, Running | None] = {}

    def find(self, contender: Contender) -> Running | None:
        """Return the server of a contender, started if it is not yet; None if it does not start."""
        if contender.command not in self._running:
            self._running[contender.command] = None
            with self.note_failure(contender.name):
                running = self._resources.enter_context(contender.start(self._setting))
                self._running[contender.command] = running
        return self._running[contender.command]

    @contextmanager
    def note_failure(self, name: str) -> Iterator[None]:
        """Name what fails to start within the block."""
        try:
            yield
        except StartError as error:
            self.results.missing[name] = str(error)

    def take_turns(self, parts: Sequence[Part], rounds: int, seconds: float) -> None:
        """Measure all parts, each once a round; the first round starts their servers."""
        turns: dict[str, list[Sample]] = defaultdict(list)
        missing = self.results.missing
        with show_progress([*parts] * rounds) as bar:
            for part in bar:
                bar.set_description(part.name)
                if part.name in missing or not (running := self.find(part.contender)):
                    continue
                groups = [Group(ask(self._setting, rows), connections) for ask, rows, connections in part.groups]
                with self.note_failure(part.name):
                    turns[part.name].append(take_sample(self._generator, running, groups, seconds, WARM_UP_SECONDS))
        samples = {name: summarise(taken) for name, taken in turns.items() if name not in missing}
        self.results.samples, self.results.ratios = samples, compute_ratios(parts, samples)
        self.results.multiples = compute_multiples(parts, samples)

    def measure_overload(self, seconds: float) -> None:
        """Measure requests to the service at capacity, and then ten times as many a second for that many seconds.

        Capacity is what 16 connections reach that send again with each answer. The load beyond it has a fixed rate on
        640 connections. Each answer is compared with the right one.
        """
        if not (running := self.find(SERVICE[1])):
            return
        request = SERVICE[1].ask(self._setting, OVERLOAD_ROWS)
        with connect(running.port) as client, self.note_failure("overload"):
            least = Group(request, CONNECTIONS_AT_CAPACITY, expected=request.send(client).content)
            capacity = take_sample(self._generator, running, [least], min(seconds, CAPACITY_SECONDS))
            group = replace(least, connections=CONNECTIONS, rate=OVERLOAD * capacity.rate)
            began = time.perf_counter()
            sample = take_sample(self._generator, running, [group], seconds)
            figures = {
                "capacity, requests a second": capacity.rate,
                "p99 at capacity, in ms": 1e3 * capacity.p99,
                "requests a second offered": group.rate,
                "requests a second sent": sample.requests / (time.perf_counter() - began),
                "answered, requests a second": sample.rate,
                "p99 of the answered, in ms": 1e3 * sample.p99,
                "wrong or lost": sample.failures,
            }
            self.results.figures |= {f"overload, 64 rows, .npy: {name}": value for name, value in figures.items()}

    def measure_starts(self) -> None:
        """Measure the seconds to the first answer, the least of three starts, and the memory then."""
        for contender in (SERVICE[1], KERAS):
            seconds = []
            with self.note_failure(f"start of {contender.name}"):
                for _ in range(STARTS):
                    with contender.start(self._setting) as running:
                        seconds.append(running.seconds)
                        memory = running.measure().memory / MEGABYTE
                self.results.figures[f"start to first answer in s: {contender.name}"] = min(seconds)
                self.results.figures[f"memory after it in MB: {contender.name}"] = memory


def _make_parts(*contenders: Contender) -> list[Part]:
    parts = []
    for contender in contenders:
        for rows, connections in LOADS:
            name, base, floor = (f"{one.name}, {rows} x {connections}" for one in (contender, SERVICE[1], BARE))
            if contender is BARE and rows > 1:  # its answer has the size of one row
                continue
            groups = ((contender.ask, rows, connections),)
            parts.append(Part(name, contender, groups, base if base != name else "", floor))
    return parts


PARTS: dict[str, list[Part]] = {
    "requests": [
        *_make_parts(*SERVICE, LONG_WAY, *ECHO, BARE),
        Part("x/encode, .npy, 64 x 16", SERVICE[1], ((ask_to_encode, 64, 16),)),
    ],
    "workers": _make_parts(*WORKERS),
    "others": _make_parts(*OTHERS),
    "large": [
        Part(f"{one.name}, {name}", one, ((one.ask, LARGE_ROWS, connections), *beside))
        for one in SERVICE
        for name, connections, beside in (("10,000 x 1", 1, ()), ("1 x 1 beside 10,000 x 4", 4, ((one.ask, 1, 1),)))
    ],
    "download": [
        Part("data.npz", SERVICE[1], ((ask_for_file, 0, 1),)),
        Part("data.npz from nginx", NGINX, ((NGINX.ask, 0, 1),), "data.npz"),
    ],
}
