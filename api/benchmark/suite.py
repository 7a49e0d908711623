"""The benchmark: all parts in turns, round after round, so that disturbances of the machine hit all alike."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from api.benchmark.contenders import (
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
from api.benchmark.generator import Group, Sample
from api.benchmark.load import MEGABYTE, make_generator, measure_growth, measure_overload, summarise, take_sample
from api.benchmark.processes import Running
from api.errors import StartError

LOADS = ((1, 16), (1, 64), (64, 16))  # rows of a request, connections
LARGE_ROWS = 10_000
LARGE_CLIENTS = 4
OVERLOAD_ROWS = 64
STARTS = 3
WARM_UP_SECONDS = 0.2  # of each turn


@dataclass(frozen=True)
class Part:
    """A load on a contender, measured once a round.

    Attributes:
        name: in the results.
        groups: of connections at the same time: what each asks, with how many rows, on how many connections. The last
            group is measured.
    """

    name: str
    contender: Contender
    groups: tuple[tuple[Ask, int, int], ...]


@dataclass
class Results:
    """The figures of a run.

    Attributes:
        samples: the medians of the parts' turns, by name.
        figures: figures that are not measured in turns, by name with their unit.
        ratios: how many times as fast as a part the service is, with `.npy` for requests.
        missing: why servers or parts are missing, by name.
    """

    samples: dict[str, Sample] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def run(
    folder: Path,
    python: str,
    sections: Sequence[str],
    rounds: int = 5,
    seconds: float = 2.0,
    overload_seconds: float = 30.0,
    progress: bool = True,
) -> Results:
    """Return the results of the sections for the release in a folder; servers and parts that fail are left out.

    Each part has one turn of so many seconds a round. `python` is the interpreter that has the alternatives.
    """
    with ExitStack() as resources:
        scratch = Path(resources.enter_context(TemporaryDirectory(prefix="ld-data-benchmark-")))
        stage = _Stage(Setting.read(folder, python, scratch), resources, progress)
        parts = [part for section in sections for part in PARTS.get(section, [])]
        stage.take_turns(parts, rounds, seconds)
        if "large" in sections:
            stage.measure_large(seconds)
        if "overload" in sections:
            stage.measure_overload(overload_seconds)
        if "start" in sections:
            stage.measure_starts()
        stage.results.ratios = compute_ratios(stage.results.samples)
        return stage.results


def name_load(name: str, rows: int, connections: int) -> str:
    """Return the name of a part with so many rows a request, on so many connections."""
    return f"{name}, {rows} x {connections}"


def compute_ratios(samples: Mapping[str, Sample]) -> dict[str, float]:
    """Return how many times as fast as each contender the service is, by requests a second at the same load."""
    base = SERVICE[1].name
    bases = {
        name_load(other.name, *load): name_load(base, *load)
        for other in (SERVICE[0], LONG_WAY, *WORKERS, *ECHO, *OTHERS)
        for load in LOADS
    }
    bases["data.npz from nginx"] = "data.npz"
    return {
        name: samples[base].rate / samples[name].rate
        for name, base in bases.items()
        if name in samples and base in samples
    }


class _Stage:
    """The running servers, and the results so far."""

    def __init__(self, setting: Setting, resources: ExitStack, progress: bool) -> None:
        self.results = Results()
        self._setting, self._resources, self._progress = setting, resources, progress
        self._generator = resources.enter_context(make_generator())
        self._running: dict[str, Running | None] = {}

    def find(self, contender: Contender) -> Running | None:
        """Return the server of a contender, started if it is not yet; None if it does not start."""
        if contender.command not in self._running:
            self._running[contender.command] = None
            if self._progress:
                print(f"starting {contender.name}", file=sys.stderr, flush=True)
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
        """Measure all parts, each once a round."""
        turns: dict[str, tuple[Running, list[Group], list[Sample]]] = {}
        for part in parts:
            if running := self.find(part.contender):
                groups = [Group(ask(self._setting, rows), connections) for ask, rows, connections in part.groups]
                turns[part.name] = running, groups, []
        with tqdm(total=len(turns) * rounds, disable=None if self._progress else True) as bar:
            for name, (running, groups, samples) in [*turns.items()] * rounds:
                bar.set_description(name)
                if name not in self.results.missing:
                    with self.note_failure(name):
                        samples.append(take_sample(self._generator, running, groups, seconds, WARM_UP_SECONDS))
                bar.update()
        self.results.samples = {
            name: summarise(samples) for name, (*_, samples) in turns.items() if name not in self.results.missing
        }

    def measure_large(self, seconds: float) -> None:
        """Measure the growth of the service's memory with large answers."""
        if running := self.find(SERVICE[1]):
            group = Group(SERVICE[1].ask(self._setting, LARGE_ROWS), LARGE_CLIENTS)
            with self.note_failure("memory of large answers"):
                growth = measure_growth(self._generator, running, [group], seconds)
                self.results.figures["memory growth with four clients of 10,000 rows, .npy, in MB"] = growth

    def measure_overload(self, seconds: float) -> None:
        """Measure the service under ten times its capacity."""
        if running := self.find(SERVICE[1]):
            request = SERVICE[1].ask(self._setting, OVERLOAD_ROWS)
            with self.note_failure("overload"):
                figures = measure_overload(self._generator, running, request, seconds)
                self.results.figures |= {f"overload, 64 rows, .npy: {name}": value for name, value in figures.items()}

    def measure_starts(self) -> None:
        """Measure the seconds to the first answer, the least of three starts, and the memory then."""
        for contender in (SERVICE[1], KERAS):
            seconds = []
            with self.note_failure(f"start of {contender.name}"):
                for _ in range(STARTS):
                    with contender.start(self._setting) as running:
                        seconds.append(running.seconds)
                        memory = running.measure_memory() / MEGABYTE
                self.results.figures[f"start to first answer in s: {contender.name}"] = min(seconds)
                self.results.figures[f"memory after it in MB: {contender.name}"] = memory


def _make_parts(*contenders: Contender) -> list[Part]:
    return [
        Part(name_load(contender.name, *load), contender, ((contender.ask, *load),))
        for contender in contenders
        for load in LOADS
    ]


def _make_large_parts(contender: Contender) -> list[Part]:
    large, small = (contender.ask, LARGE_ROWS), (contender.ask, 1, 1)
    return [
        Part(f"{contender.name}, 10,000 x 1", contender, ((*large, 1),)),
        Part(f"{contender.name}, 1 x 1 beside 10,000 x 4", contender, ((*large, LARGE_CLIENTS), small)),
    ]


PARTS: dict[str, list[Part]] = {
    "requests": [
        *_make_parts(*SERVICE, LONG_WAY, *ECHO),
        Part("x/encode, .npy, 64 x 16", SERVICE[1], ((ask_to_encode, 64, 16),)),
    ],
    "workers": _make_parts(*WORKERS),
    "others": _make_parts(*OTHERS),
    "large": [part for contender in SERVICE for part in _make_large_parts(contender)],
    "download": [
        Part("data.npz", SERVICE[1], ((ask_for_file, 0, 1),)),
        Part("data.npz from nginx", NGINX, ((NGINX.ask, 0, 1),)),
    ],
}
