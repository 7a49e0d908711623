"""Turns of functions in a process of its own: asked for by lines of JSON on stdin, told by lines of JSON on stdout."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from api.benchmark.contenders.processes import on_core, stop
from api.benchmark.load.samples import Sample, find_percentile
from ld_data.errors import StartError

Function = Callable[[], object]


def take_turn(function: Function, seconds: float) -> Sample:
    """Return how fast a function is called over that many seconds, after one call that does not count.

    The rate is that of seconds of the processor, so that it does not tell of others who use it, too.
    """
    function()
    latencies: list[float] = []
    cpu = time.process_time()
    start = last = time.perf_counter()
    while last - start < seconds or not latencies:
        function()
        now = time.perf_counter()
        latencies.append(now - last)
        last = now
    work = (time.process_time() - cpu) / len(latencies)
    latencies.sort()
    return Sample(1 / work, find_percentile(latencies, 50), find_percentile(latencies, 99), work=work)


def serve_turns(functions: Mapping[str, Function], facts: Mapping[str, Any]) -> None:
    """Say the facts, and then carry out what stdin asks for until it ends."""
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(asdict(take_turn(functions[asked["name"]], asked["seconds"]))), flush=True)


class Turns:
    """The functions of another process.

    Attributes:
        facts: what it said when it was ready.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Wait until it is ready; raises `StartError` if it ends before."""
        self._process = process
        self.facts = self._read()

    def take(self, name: str, seconds: float) -> Sample:
        """Return a turn of one of its functions; raises `StartError` if it has ended."""
        if self._process.stdin is not None and self._process.poll() is None:
            self._process.stdin.write(json.dumps({"name": name, "seconds": seconds}) + "\n")
            self._process.stdin.flush()
        return Sample(**self._read())

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            said = self._process.stderr.read().strip().splitlines() if self._process.stderr else []
            raise StartError(f"it ended with status {self._process.wait()}{f' ({said[-1]})' if said else ''}")
        return dict(json.loads(line))


@contextmanager
def start_turns(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Turns]:
    """Yield the functions of a program that calls `serve_turns`, on the first core."""
    with on_core(0):
        process = subprocess.Popen(  # noqa: S603  # of commands that this package writes
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
    try:
        yield Turns(process)
    finally:
        stop(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()
