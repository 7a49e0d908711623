"""The benchmark: all parts in turns, round after round, so that what disturbs the machine disturbs all alike."""

import json
import sys
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

import ld_data
from api.benchmark.contenders.nginx import ask_service, make_nginx
from api.benchmark.contenders.processes import Program, Running, start
from api.benchmark.contenders.registry import (
    ECHO,
    ONE_THREAD,
    OTHERS,
    SERVICE,
    WORKERS,
    Contender,
    Setting,
    ask_in_json,
    ask_in_npy,
    ask_to_encode,
)
from api.benchmark.http import make_request
from api.benchmark.load.generator import Group
from api.benchmark.load.overload import MEGABYTE, measure_large_memory, measure_overload
from api.benchmark.load.run import sample
from api.benchmark.load.samples import Sample, summarise
from api.benchmark.options import Options
from api.benchmark.turns import start_turns
from ld_data.errors import StartError
from ld_data.noise import make_normals
from ld_data.release.dataset import LatentDataset

LOADS = ((1, 16), (1, 64), (64, 16))  # rows of a request, connections
LARGE_ROWS = 10_000
LARGE_CLIENTS = 4
BATCHES = (1, 64, 256, 4096)
STARTS = 3
PRODUCTS = ("product by numpy", "product by ONNX Runtime")
ALONE_IN_KERAS = {"Keras called directly": "direct", "keras.predict": "predict"}


@dataclass
class Results:
    """What was measured.

    Attributes:
        samples: the medians of the parts' turns, by name.
        figures: what is not measured in turns, by name.
        missing: why servers or parts are missing, by name.
    """

    samples: dict[str, Sample] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


Take = Callable[[float], Sample]


def name_load(contender: str, rows: int, connections: int) -> str:
    """Return the name of a part: so many rows a request, on so many connections."""
    return f"{contender}, {rows} x {connections}"


def run(options: Options) -> Results:
    """Return what all parts of the wanted sections come to; what does not start is named and left out."""
    with _Stage(options) as stage:
        for section in options.sections:
            if add := ADDITIONS.get(section):
                add(stage)
        stage.take_turns()
        if "large" in options.sections:
            stage.measure_large()
        if "overload" in options.sections:
            stage.measure_overload()
        if "start" in options.sections:
            stage.measure_starts()
        return stage.results


class _Stage:
    """The servers that run, and the parts that they play."""

    def __init__(self, options: Options) -> None:
        self.options, self.results = options, Results()
        self.data: LatentDataset = ld_data.load(options.folder)
        self.release = options.folder.resolve().name
        self.parts: dict[str, Take] = {}
        self._running: dict[object, Running | None] = {}
        self._resources = ExitStack()

    def __enter__(self) -> "_Stage":
        scratch = Path(self._resources.enter_context(TemporaryDirectory(prefix="ld-data-benchmark-")))
        self.setting = Setting(self.options.folder.resolve(), self.options.python, scratch)
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def make_vectors(self, rows: int) -> np.ndarray:
        """Return latents `(rows, d)`: those of the test set, over and over."""
        return np.resize(self.data.test.x, (rows, self.data.test.x.shape[1]))

    def find(self, contender: Contender) -> Running | None:
        """Return the server of a contender, started if it is not yet; None if it does not start."""
        if contender.command not in self._running:
            self._tell(f"starting {contender.name}")
            program = contender.make_program(self.setting, self.make_vectors(1))
            self._running[contender.command] = self._start(contender.name, program)
        return self._running[contender.command]

    def add_contender(self, contender: Contender) -> None:
        """Add the parts of a contender: all loads."""
        if running := self.find(contender):
            for rows, connections in LOADS:
                request = contender.make(self.release, self.make_vectors(rows))
                self.add(name_load(contender.name, rows, connections), running, [Group(request, connections)])

    def add(self, name: str, running: Running, groups: Sequence[Group]) -> None:
        """Add a part: a load, of which the last group is what counts."""
        self.parts[name] = partial(sample, running, groups, self.options.warm_up)

    def add_alone(self) -> None:
        """Add the networks in a process of their own, and those in Keras in another."""
        parts = {f"{name} {batch}": f"{name} {batch}" for name in ("decoder", "encoder") for batch in BATCHES}
        self._add_turns("network_alone", {**{name: name for name in (*PRODUCTS, "verify")}, **parts})
        if ALONE_IN_KERAS:
            self._add_turns("keras_alone", ALONE_IN_KERAS)

    def add_requests(self) -> None:
        """Add the service, its echo ceiling, and encoding."""
        for contender in (*SERVICE, *ECHO):
            self.add_contender(contender)
        if running := self.find(SERVICE[0]):
            request = ask_to_encode(self.release, self._make_inputs(running))
            self.add(name_load("encode", 64, 16), running, [Group(request, 16)])
        trivial = Program(
            lambda port: [sys.executable, "-m", "api.benchmark.servers.trivial", str(port)], make_request("/")
        )
        if found := self._start("trivial server", trivial):
            self.add("generator", found, [Group(ask_in_npy(self.release, self.make_vectors(1)), 16)])

    def add_workers(self) -> None:
        """Add the service with two processes."""
        for contender in WORKERS:
            self.add_contender(contender)

    def add_others(self) -> None:
        """Add the alternatives."""
        for contender in OTHERS:
            self.add_contender(contender)

    def add_large(self) -> None:
        """Add large requests, and one row beside four clients that send such ones."""
        if running := self.find(SERVICE[0]):
            for name, ask in (("JSON", ask_in_json), (".npy", ask_in_npy)):
                large, small = (ask(self.release, self.make_vectors(rows)) for rows in (LARGE_ROWS, 1))
                self.add(f"large {name}", running, [Group(large)])
                self.add(f"beside {name}", running, [Group(large, LARGE_CLIENTS), Group(small)])

    def add_download(self) -> None:
        """Add the download of data.npz from the service and from nginx."""
        if running := self.find(SERVICE[0]):
            self.add("download", running, [Group(ask_service(self.release))])
        try:
            nginx = make_nginx(self.setting.folder, self.setting.scratch)
        except StartError as error:
            self.results.missing["nginx"] = str(error)
            return
        if found := self._start("nginx", nginx):
            self.add("download from nginx", found, [Group(nginx.request)])

    def take_turns(self) -> None:
        """Measure all parts, each once a round; one that fails is named and left out."""
        turns: dict[str, list[Sample]] = {name: [] for name in self.parts}
        total = self.options.rounds * len(self.parts)
        with tqdm(total=total, desc="turns", disable=None if self.options.progress else True) as bar:
            for _ in range(self.options.rounds):
                for name, take in self.parts.items():
                    bar.set_postfix_str(name)
                    if name not in self.results.missing:
                        try:
                            turns[name].append(take(self.options.seconds))
                        except StartError as error:
                            self.results.missing[name] = str(error)
                    bar.update()
        self.results.samples = {
            name: summarise(taken) for name, taken in turns.items() if name not in self.results.missing
        }

    def measure_large(self) -> None:
        """Measure how far the service's memory grows with a large answer."""
        if running := self.find(SERVICE[0]):
            self._tell("memory of large answers")
            request = ask_in_npy(self.release, self.make_vectors(LARGE_ROWS))
            growth = measure_large_memory(running, [Group(request, LARGE_CLIENTS)], self.options.seconds)
            self.results.figures["large memory"] = growth

    def measure_overload(self) -> None:
        """Measure the overload, with 64 rows a request as `.npy`."""
        if running := self.find(SERVICE[0]):
            self._tell("overload")
            request = ask_in_npy(self.release, self.make_vectors(64))
            figures = measure_overload(running, request, self.options.overload_seconds)
            self.results.figures |= {f"overload: {name}": value for name, value in figures.items()}

    def measure_starts(self) -> None:
        """Measure how long the service and FastAPI with Keras take to their first answer, and what memory they hold."""
        for contender in (SERVICE[1], OTHERS[1]):
            self._tell(f"starts of {contender.name}")
            program = contender.make_program(self.setting, self.make_vectors(1))
            for _ in range(STARTS):
                try:
                    with start(program) as running:
                        seconds, memory = running.seconds, running.measure_memory() / MEGABYTE
                except StartError as error:
                    self.results.missing[f"start of {contender.name}"] = str(error)
                    break
                least = self.results.figures.get(f"start of {contender.name}", seconds)
                self.results.figures[f"start of {contender.name}"] = min(least, seconds)
                self.results.figures[f"memory of {contender.name}"] = memory

    def _add_turns(self, module: str, names: dict[str, str]) -> None:
        """Add functions of a program, by the names of their parts."""
        self._tell(f"starting {module}")
        command = [sys.executable, "-m", f"api.benchmark.servers.{module}", str(self.setting.folder)]
        try:
            turns = self._resources.enter_context(start_turns(command, ONE_THREAD))
        except StartError as error:
            self.results.missing[module] = str(error)
            return
        self.results.figures |= {f"flop of {name}": value for name, value in turns.facts.items()}
        for part, function in names.items():
            self.parts[part] = partial(turns.take, function)

    def _start(self, name: str, program: Program) -> Running | None:
        try:
            return self._resources.enter_context(start(program))
        except StartError as error:
            self.results.missing[name] = str(error)
            return None

    def _make_inputs(self, running: Running) -> np.ndarray:
        """Return 64 inputs of the release's shape: images of noise, uint8, or signals, float32."""
        with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/v1/datasets/{self.release}") as answer:
            shape = json.load(answer)["input_shape"]
        noise = make_normals(0, 0, 0, 64, int(np.prod(shape))).reshape(64, *shape)
        return (noise * 32 + 128).clip(0, 255).astype(np.uint8) if len(shape) == 2 else noise.astype(np.float32)

    def _tell(self, text: str) -> None:
        if self.options.progress:
            print(text, file=sys.stderr, flush=True)


ADDITIONS: dict[str, Callable[[_Stage], None]] = {
    "alone": _Stage.add_alone,
    "requests": _Stage.add_requests,
    "workers": _Stage.add_workers,
    "others": _Stage.add_others,
    "large": _Stage.add_large,
    "download": _Stage.add_download,
}
