"""Processes killed at random moments while they make shards, and a check of what is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ld_data.errors import StorageError
from ld_data.extras import check_libraries, import_library
from ld_data.shards.folders import open_folder
from ld_data.shards.inputs import plan_images
from ld_data.shards.making import LoadCodec, make_shards
from ld_data.shards.plan import ShardPlan, write_plan
from ld_data.shards.records import list_made, name_record, name_shard
from ld_data.shards.root import read_root, seal

TARGETS = ("worker", "nanny", "scheduler", "driver")
SHARDS, ROWS_PER_SHARD = 600, 4
START_SHARE = 0.2  # of the kills: at any moment after the one before, so also while processes start
START_SECONDS, WORK_SECONDS = 6.0, 4.0  # at most until such a kill, and from the first new shard until the others
STEP_SECONDS = 0.2
ROUND_SECONDS = 600.0


@dataclass
class Toll:
    """The fate of the shards.

    Attributes:
        kills: by target.
        rounds: releases that were made on the way, each sealed in the end.
        shards: of all of them.
        lost: that were finished, and are not there any more.
        doubled: that were finished, and were made once more.
        leftovers: hidden files and folders of killed writers.
        other_roots: releases whose root is not that of a run without kills.
    """

    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TARGETS, 0))
    rounds: int = 0
    shards: int = 0
    lost: int = 0
    doubled: int = 0
    leftovers: int = 0
    other_roots: int = 0
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """The number of kills."""
        return sum(self.kills.values())

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled or left, and all roots are the same."""
        return not (self.lost or self.doubled or self.leftovers or self.other_roots)


class Crew:
    """A scheduler, a nanny with two workers, and the command that makes shards: processes that may be killed."""

    def __init__(self, log: Path) -> None:
        self._log, self._running = log.open("wb"), dict[str, subprocess.Popen[bytes]]()
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]

    def start_missing(self, folder: Path) -> bool:
        """Start what does not run; return whether the command has made all shards of a folder."""
        folder_of_log = Path(self._log.name).parent  # in which the workers put their files
        address = f"tcp://127.0.0.1:{self._port}"
        here = ("--host", "127.0.0.1", "--dashboard-address", ":0")
        commands = {
            "scheduler": ("dask", "scheduler", *here, "--port", str(self._port)),
            "nanny": ("dask", "worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"),
            "driver": ("ld_data", "shards", "make", str(folder), "--cluster", address),
        }
        if (driver := self._running.get("driver")) and driver.poll() == 0:
            del self._running["driver"]
            return True
        for name, words in commands.items():
            if name not in self._running or self._running[name].poll() is not None:
                command = [sys.executable, "-m", *words]
                output = {"stdout": self._log, "stderr": self._log}
                self._running[name] = subprocess.Popen(command, cwd=folder_of_log, **output)  # type: ignore[call-overload] # noqa: S603
        return False

    def kill(self, target: str) -> bool:
        """Kill a process, and return whether there was one."""
        if target != "worker":
            self._running[target].kill()
            self._running[target].wait()
            return True
        psutil = import_library("psutil")
        try:
            children = psutil.Process(self._running["nanny"].pid).children()
            workers = [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
            os.kill(workers[0], signal.SIGKILL)
        except (psutil.Error, IndexError, ProcessLookupError):
            return False
        return True

    def close(self) -> None:
        """End all processes."""
        for process in self._running.values():
            process.kill()
            process.wait()
        self._log.close()


def survive_kills(folder: Path, load_codec: LoadCodec, kills: int, say: Callable[[str], None], seed: int = 0) -> Toll:
    """Return what so many kills did to releases in an empty folder, made by the models of `ld-mnist1d-32`.

    `say` is told each kill.

    Raises:
        MissingLibraryError: Dask or ONNX Runtime is not installed.
        StorageError: a release is not made within ten minutes; the log says why.
    """
    check_libraries("distributed", "onnxruntime")
    random, toll, began, shards = np.random.default_rng(seed), Toll(), time.perf_counter(), SHARDS
    plan = _plan(folder, shards, random)
    write_plan(folder / "alone", plan)
    list(make_shards(folder / "alone", range(shards), load_codec))
    seal(folder / "alone", plan)
    expected = read_root(open_folder(folder / "alone"), plan)[1]
    crew = Crew(folder / "log.txt")
    try:
        while not toll.rounds or toll.count < kills:
            place = folder / f"round-{toll.rounds}"
            write_plan(place, plan)
            _make(crew, place, plan, toll, kills, random, say)
            seal(place, plan)
            toll.leftovers += sum(path.name.startswith(".") for path in place.iterdir())
            toll.other_roots += read_root(open_folder(place), plan)[1] != expected
            toll.rounds, toll.shards = toll.rounds + 1, toll.shards + shards
    finally:
        crew.close()
    toll.seconds = time.perf_counter() - began
    return toll


def _plan(folder: Path, shards: int, random: np.random.Generator) -> ShardPlan:
    """Return the plan of small shards of random signals."""
    rows = shards * ROWS_PER_SHARD
    inputs, labels = folder / "inputs.npy", folder / "labels.npy"
    np.save(inputs, random.normal(size=(rows, 40)).astype(np.float32), allow_pickle=False)
    np.save(labels, np.arange(rows) % 10, allow_pickle=False)
    return plan_images("kills", "ld-mnist1d-32", [inputs], [labels], None, 0, ROWS_PER_SHARD)


def _make(
    crew: Crew,
    folder: Path,
    plan: ShardPlan,
    toll: Toll,
    kills: int,
    random: np.random.Generator,
    say: Callable[[str], None],
) -> None:
    """Make all shards of a folder, and kill on the way."""
    seen, end = dict[int, tuple[int, ...]](), time.monotonic() + ROUND_SECONDS
    while True:
        moment = end  # or once there are new shards
        if random.random() < START_SHARE:
            moment = time.monotonic() + random.uniform(0, START_SECONDS)
        while not (is_done := crew.start_missing(folder)) and time.monotonic() < moment:
            time.sleep(STEP_SECONDS)
            if _look(folder, plan, seen, toll) and moment == end:
                moment = time.monotonic() + random.uniform(0, WORK_SECONDS)
        if is_done:
            _look(folder, plan, seen, toll)
            return
        if time.monotonic() > end:
            raise StorageError(f"{folder} is not made after {ROUND_SECONDS:g} s. Read {folder.parent / 'log.txt'}.")
        target = str(random.choice(TARGETS))
        if toll.count < kills and crew.kill(target):
            toll.kills[target] += 1
            say(f"kill {toll.count}: {target}; {len(seen)} of {plan.shards} shards")


def _look(folder: Path, plan: ShardPlan, seen: dict[int, tuple[int, ...]], toll: Toll) -> bool:
    """Compare the finished shards with those that were finished before, and return whether there are new ones."""
    known = len(seen)
    made = list_made(open_folder(folder), plan, range(plan.shards))
    toll.lost += len(seen.keys() - set(made))
    for number in made:
        states = [(folder / name(number)).stat() for name in (name_shard, name_record)]
        state = tuple(part for own in states for part in (own.st_ino, own.st_mtime_ns))
        toll.doubled += seen.setdefault(number, state) != state
    return len(seen) > known
