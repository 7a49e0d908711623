"""A soak: many kinds of visitors for minutes on end, memory measured, and one process killed half-way."""

import contextlib
import hashlib
import os
import signal
import socket
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import numpy as np

from api.benchmark.attackers import OK, Visit, make_attackers
from api.benchmark.contenders import SERVE, Contender, Setting, ask_for_file, ask_in_json, ask_in_npy, ask_to_encode
from api.benchmark.processes import ANSWER_SECONDS, HOST, Request, Running, connect, measure_tree
from api.benchmark.suite import MEGABYTE
from api.errors import StartError
from api.messages.payload import JSON, NPY
from ld_data.noise import make_normals
from ld_data.storage.arrays import write_npy

MAX_GROWTH = 32.0  # MB, of the last quarter's median over that of the second
LEAST_MINUTES = 1.0  # of a soak that judges the growth: in its first seconds a service grows to its working size
WORKER_BYTES = 2**26  # of a process that has loaded the models
REPLACED_SECONDS = 30.0
CUT_SECONDS = 5.0  # after a kill, in which connections to the process may break
REFUSED, CUT = "refused with 429", "cut off by the kill"
REPLACED = "one process was killed and replaced"
SMALL_ROWS, LARGE_ROWS = 64, 10_000
READ_BEFORE_LEAVING = 2**16


@dataclass
class Soak:
    """The outcome of a soak."""

    minutes: float
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)  # of each visitor: ok, refused, or a surprise
    memory: list[float] = field(default_factory=list)  # resident megabytes, at equal intervals
    scores: int = 0  # accepted
    missing: int = 0  # of them, not in the log at the end
    kill: str = ""  # what became of a killed process
    surprises: list[str] = field(default_factory=list)  # a line for each event that should not have happened


def soak(folder: Path, minutes: float, workers: int) -> Soak:
    """Return the outcome of a soak of a service of its own; of two processes or more, one is killed half-way.

    Raises:
        StartError: if the service does not start, or ends.
    """
    service = Contender("service", f"{SERVE} --workers {workers}", ask_in_npy, core=None)
    receipts, result = set[str](), Soak(minutes)
    with TemporaryDirectory(prefix="ld-data-soak-") as scratch:
        setting = Setting.read(folder, sys.executable, Path(scratch))
        with service.start(setting) as running, connect(running.port) as client, ExitStack() as opened:
            visitors = make_visitors(client, setting, receipts) | make_attackers(client, folder.name, opened)
            _Day(running, result).spend(visitors, kill=workers > 1)
            result.scores, result.missing = len(receipts), len(receipts - list_receipts(client))
    result.surprises = find_surprises(result)
    return result


class _Day:
    """The visits, and the measurements meanwhile."""

    def __init__(self, running: Running, result: Soak) -> None:
        self._running, self._result = running, result
        self._ended, self._killed_at = threading.Event(), float("-inf")

    def spend(self, visitors: dict[str, tuple[float, Visit]], kill: bool) -> None:
        with ThreadPoolExecutor(len(visitors)) as pool:
            done = [pool.submit(self._visit, name, *visitor) for name, visitor in visitors.items()]
            try:
                self._watch(kill)
            finally:
                self._ended.set()
        for future in done:
            future.result()

    def _visit(self, name: str, pause: float, visit: Visit) -> None:
        outcomes = self._result.outcomes.setdefault(name, {})
        while True:
            try:
                outcome = visit()
            except (OSError, httpx2.HTTPError) as error:
                is_cut = time.monotonic() - self._killed_at < CUT_SECONDS
                outcome = CUT if is_cut else f"{type(error).__name__}: {error}"
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            if self._ended.wait(pause):
                return

    def _watch(self, kill: bool) -> None:
        result, began = self._result, time.monotonic()
        seconds = 60 * result.minutes
        while (passed := time.monotonic() - began) < seconds:
            time.sleep(min(seconds / 40, seconds - passed))
            result.memory.append(self._running.measure().memory / MEGABYTE)
            if (status := self._running.process.poll()) is not None:
                raise StartError(f"the service ended with status {status}")
            if kill and not result.kill and passed > seconds / 2:
                result.kill = self._kill_one()
            print(f"{passed:6.0f} s  {result.memory[-1]:7.1f} MB", file=sys.stderr, flush=True)

    def _kill_one(self) -> str:
        """Kill one of the processes that serve, and wait for another in its place; return what became of it."""
        workers = self._list_workers()
        if not workers:
            return "no process was found to be killed"
        self._killed_at = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(workers[0], signal.SIGKILL)
        while time.monotonic() - self._killed_at < REPLACED_SECONDS:
            time.sleep(0.2)
            now = self._list_workers()
            if workers[0] not in now and len(now) >= len(workers):
                return REPLACED
        return "the killed process was not replaced"

    def _list_workers(self) -> list[int]:
        supervisor = self._running.process.pid
        return [pid for pid, use in measure_tree(supervisor).items() if pid != supervisor and use.memory > WORKER_BYTES]


def find_surprises(result: Soak) -> list[str]:
    """Return a line for each event that a soak should not have."""
    surprises = [
        f"{name}: {outcome}, {times} times"
        for name, outcomes in result.outcomes.items()
        for outcome, times in outcomes.items()
        if outcome not in (OK, REFUSED, CUT)
    ]
    surprises += [f"{name}: was never served" for name, outcomes in result.outcomes.items() if OK not in outcomes]
    if result.minutes >= LEAST_MINUTES and (growth := measure_growth(result.memory)) > MAX_GROWTH:
        surprises.append(f"memory grew by {growth:.0f} MB; at most {MAX_GROWTH:.0f} MB are expected")
    if result.missing:
        surprises.append(f"{result.missing} of {result.scores} accepted scores are not in the log")
    return surprises + ([result.kill] if result.kill not in ("", REPLACED) else [])


def measure_growth(memory: Sequence[float]) -> float:
    """Return by how much the median of the last quarter exceeds that of the second; 0 for fewer than four values."""
    quarter = len(memory) // 4
    return statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter]) if quarter else 0.0


def describe_soak(result: Soak) -> str:
    """Return the outcome of a soak as text."""
    lines = [f"{result.minutes:g} minutes"]
    for name, outcomes in result.outcomes.items():
        lines.append(f"  {name:<28} " + "; ".join(f"{outcome} {times:,}" for outcome, times in outcomes.items()))
    shown = " ".join(f"{value:.0f}" for value in result.memory[:: max(1, len(result.memory) // 10)])
    lines.append(f"memory in MB: {shown}; growth {measure_growth(result.memory):.1f}")
    lines += [f"scores: {result.scores} accepted, {result.missing} missing", *filter(None, [result.kill])]
    return "\n".join(lines + ([f"SURPRISE: {surprise}" for surprise in result.surprises] or ["no surprise"]))


def make_visitors(client: httpx2.Client, setting: Setting, receipts: set[str]) -> dict[str, tuple[float, Visit]]:
    """Return the visitors by name: seconds between two visits, and a visit, which returns its outcome.

    The score visitor adds the hashes of its receipts to `receipts`.

    Raises:
        httpx2.HTTPError: if the service does not list its datasets.
    """
    large = ask_in_npy(setting, LARGE_ROWS).raw
    repeated = {
        "one row, JSON": (0.01, ask_in_json(setting, 1)),
        "one row, .npy": (0.01, ask_in_npy(setting, 1)),
        "64 rows, .npy": (0.05, ask_in_npy(setting, SMALL_ROWS)),
        "10,000 rows, .npy": (2.0, ask_in_npy(setting, LARGE_ROWS)),
        "encode, .npy": (0.1, ask_to_encode(setting, SMALL_ROWS)),
        "download": (1.0, ask_for_file(setting, 0)),
    }
    return {name: (pause, _ask(client, (request, 200))) for name, (pause, request) in repeated.items()} | {
        "malformed": (0.03, _send_malformed(client, setting)),
        "leaves while it is answered": (0.5, lambda: _send_and_leave(client, large, READ_BEFORE_LEAVING)),
        "leaves while it asks": (0.5, lambda: _send_and_leave(client, large[: len(large) // 2], 0)),
        "score": (2.5, _submit(client, receipts)),
    }


def list_receipts(client: httpx2.Client) -> set[str]:
    """Return the hashes of all receipts in the service's log.

    Raises:
        httpx2.HTTPError: if the service does not send its log.
    """
    log = client.get("/v1/scores/log").raise_for_status().content
    return {hashlib.sha256(line).hexdigest() for line in log.splitlines()}


def _ask(client: httpx2.Client, *kinds: tuple[Request, int]) -> Visit:
    """Return a visit that sends the next request, and expects its status, with the bytes of its first answer."""
    first, turns = dict[Request, str](), cycle(kinds)

    def visit() -> str:
        request, expected = next(turns)
        answer = request.send(client)
        if answer.status_code != expected:
            return _describe_status(answer)
        digest = hashlib.sha256(answer.content).hexdigest()
        return OK if digest == first.setdefault(request, digest) else "another answer than before"

    return visit


def _send_malformed(client: httpx2.Client, setting: Setting) -> Visit:
    """Return a visit that sends a bad request, and expects its error."""
    kinds = [
        ("x/decode", b"{", JSON, 422),
        ("x/decode", b'{"vectors": [[1, 2]]}', JSON, 422),
        ("x/decode", b'{"vectors": [["a"]]}', JSON, 422),
        ("x/decode", write_npy(setting.make_vectors(1)).replace(b"(1,", b"(9,"), NPY, 422),
        ("x/decode", b"x", "text/plain", 415),
        ("x/encode", write_npy(np.full((1, 3), np.nan, np.float32)), NPY, 422),
        ("x/encode?sneed=1", b"{}", JSON, 422),
        ("z/decode", b"{}", JSON, 404),
    ]
    path = setting.fill("/v1/datasets/{release}/")
    return _ask(client, *((Request(path + end, body, kind), status) for end, body, kind, status in kinds))


def _send_and_leave(client: httpx2.Client, raw: bytes, read_bytes: int) -> str:
    with socket.create_connection((HOST, client.base_url.port or 80), ANSWER_SECONDS) as connection:
        connection.sendall(raw)
        if read_bytes:
            connection.recv(read_bytes)
    return OK


def _submit(client: httpx2.Client, receipts: set[str]) -> Visit:
    """Return a visit that submits a new score, for the release with the fewest test rows."""
    datasets = client.get("/v1/datasets").raise_for_status().json()["datasets"]
    board = min(datasets, key=lambda dataset: int(dataset["rows_test"]))
    shape = board["rows_test"], board["latent_dim"]
    numbers = count()

    def visit() -> str:
        number = next(numbers)
        predictions = write_npy((0.1 * make_normals(number, 0, 0, *shape)).astype(np.float32))
        answer = Request(f"/v1/datasets/{board['name']}/scores?name=soak+{number}", predictions, NPY).send(client)
        if answer.status_code != 201:
            return _describe_status(answer)
        receipts.add(answer.json()["receipt_sha256"])
        return OK

    return visit


def _describe_status(answer: httpx2.Response) -> str:
    path = answer.request.url.raw_path.decode()
    return REFUSED if answer.status_code == 429 else f"answered {answer.status_code} at {path}: {answer.text[:200]}"
