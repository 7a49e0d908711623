"""Servers in processes of their own, started on a port and a core, measured and ended; and requests to them."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import httpx2

from api.errors import StartError

HOST = "127.0.0.1"
ANSWER_SECONDS = 60.0
START_SECONDS = 120.0
STOP_SECONDS = 15.0
MAX_TOLD = 300  # characters of a program's last line in an error
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "BENTOML_DO_NOT_TRACK": "true",
    "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin",  # nginx of Debian
}


@dataclass(frozen=True)
class Request:
    """A request: POST with a body, GET without one."""

    path: str
    body: bytes = b""
    content_type: str = ""
    accept: str = "*/*"

    @property
    def method(self) -> str:
        """POST or GET."""
        return "POST" if self.body else "GET"

    @property
    def headers(self) -> dict[str, str]:
        """The headers about the bodies of the request and of its answer."""
        return {"Accept": self.accept, **({"Content-Type": self.content_type} if self.body else {})}

    @property
    def raw(self) -> bytes:
        """The bytes of the request, on a connection that stays open."""
        fields = {"Host": HOST, **self.headers, **({"Content-Length": len(self.body)} if self.body else {})}
        head = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*head, "", ""]).encode() + self.body

    def send(self, client: httpx2.Client) -> httpx2.Response:
        """Return the answer to the request.

        Raises:
            httpx2.HTTPError: without an answer.
        """
        return client.request(self.method, self.path, content=self.body, headers=self.headers)


class Use(NamedTuple):
    """The resources of a process: CPU seconds so far, and resident bytes now."""

    cpu: float
    memory: int


@dataclass(frozen=True)
class Running:
    """A running server; it took so many seconds to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    seconds: float

    def measure(self) -> Use:
        """Return the resources of the process and all that it started; nothing without /proc."""
        uses = measure_tree(self.process.pid).values()
        return Use(sum(use.cpu for use in uses), sum(use.memory for use in uses))


def connect(port: int) -> httpx2.Client:
    """Return a client of the server on a port, to be closed in the end; threads may share it."""
    return httpx2.Client(base_url=f"http://{HOST}:{port}", timeout=ANSWER_SECONDS, trust_env=False)


@contextmanager
def start(make_command: Callable[[int], Sequence[str]], request: Request, core: int | None = 0) -> Iterator[Running]:
    """Yield a server on a free port and on one core, or with None on all, once it has answered its request.

    Raises:
        StartError: if it cannot be started, ends, or does not answer 200 in time.
    """
    with socket.create_server((HOST, 0)) as listener:
        port = int(listener.getsockname()[1])
    with tempfile.TemporaryFile() as output, connect(port) as client:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(  # noqa: S603  # of commands that this package writes
                [*make_command(port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **ENVIRONMENT},
            )
        except OSError as error:
            raise StartError(f"it could not be started: {error}") from error
        try:
            keep_to_core(process.pid, core)
            if reason := _wait_for_answer(process, client, request):
                raise StartError(f"{reason}{_read_last_line(output)}")
            yield Running(process, port, time.perf_counter() - began)
        finally:
            _stop(process)


def keep_to_core(pid: int, core: int | None) -> None:
    """Confine a process, 0 for this one, to one of its cores: 0 for the first, -1 for the last, None for all of them.

    Without effect where the system cannot do it.
    """
    if core is not None and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(pid))
        os.sched_setaffinity(pid, {cores[core % len(cores)]})


def measure_tree(pid: int) -> dict[int, Use]:
    """Return the resources of a process and of all its descendants, by process; empty without /proc."""
    table: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            table[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    found = [pid]
    for parent in found:
        found += [child for child, fields in table.items() if int(fields[1]) == parent]
    ticks, page = os.sysconf("SC_CLK_TCK"), resource.getpagesize()
    return {
        one: Use((int(table[one][11]) + int(table[one][12])) / ticks, int(table[one][21]) * page)
        for one in found
        if one in table
    }


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, by SIGTERM and, without success, SIGKILL."""
    children = measure_tree(process.pid).keys() - {process.pid}
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _wait_for_answer(process: subprocess.Popen[bytes], client: httpx2.Client, request: Request) -> str:
    """Return why there is no answer 200; an empty text once there is one."""
    received, end = "nothing", time.perf_counter() + START_SECONDS
    while time.perf_counter() < end:
        if process.poll() is not None:
            return f"it ended with status {process.returncode}"
        with contextlib.suppress(httpx2.HTTPError):
            received = str(request.send(client).status_code)
            if received == "200":
                return ""
        time.sleep(0.005)
    return f"expected an answer 200 in time; received {received}"


def _read_last_line(output: IO[bytes]) -> str:
    """Return the last line that a program wrote, in brackets."""
    output.seek(0)
    lines = [line for line in output.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f" ({lines[-1].strip()[:MAX_TOLD]})" if lines else ""
