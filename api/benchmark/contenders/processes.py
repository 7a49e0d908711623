"""Servers in processes of their own: started on a port and a core, watched, and ended."""

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from api.benchmark.http import Answer
from ld_data.errors import StartError

HOST = "127.0.0.1"
START_SECONDS = 120.0
STOP_SECONDS = 15.0
MAX_TOLD = 300  # characters of what a program said before it ended


@dataclass(frozen=True)
class Program:
    """A server that can be started.

    Attributes:
        command: the command line that serves on a port.
        request: what it answers 200 as soon as it is ready.
        core: the only core that it may use; None for all.
        environment: variables beside those of this process.
    """

    command: Callable[[int], Sequence[str]]
    request: bytes
    core: int | None = 0
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A server that runs.

    Attributes:
        seconds: from its start to its first answer.
    """

    process: subprocess.Popen[bytes]
    port: int
    seconds: float

    def measure_memory(self) -> int:
        """Return the resident bytes of the process and of all that it started; 0 where there is no /proc."""
        return sum(read_resident(pid) for pid in self._find_all())

    def measure_cpu(self) -> float:
        """Return the CPU seconds that the process and all that it started have used; 0 where there is no /proc."""
        return sum(_read_cpu(pid) for pid in self._find_all())

    def _find_all(self) -> list[int]:
        return [self.process.pid, *find_descendants(self.process.pid)]


@contextmanager
def start(program: Program, seconds: float = START_SECONDS) -> Iterator[Running]:
    """Yield a server once it has answered its request; raises `StartError` if it does not within that time."""
    port = _find_free_port()
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        with on_core(program.core):
            process = _spawn(program, port, said)
        try:
            if reason := _wait_for_answer(process, port, program.request, began + seconds):
                raise StartError(f"{reason}{_read_end(said)}")
            yield Running(process, port, time.perf_counter() - began)
        finally:
            stop(process)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Confine this process, and so what it starts, to one core; without effect where that cannot be done."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[core % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def stop(process: subprocess.Popen[Any]) -> None:
    """End a process and all that it started, by SIGTERM and, if that does not help, SIGKILL."""
    children = find_descendants(process.pid)
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


def find_descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that these did; none where there is no /proc."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if fields := _read_status(int(folder.name)):
            parents[int(folder.name)] = int(fields[1])
    found = [child for child, parent in parents.items() if parent == pid]
    for child in found:
        found += [grandchild for grandchild, parent in parents.items() if parent == child]
    return found


def _spawn(program: Program, port: int, said: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **program.environment}
    try:
        return subprocess.Popen(  # noqa: S603  # of commands that this package writes
            [*program.command(port)], stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment
        )
    except OSError as error:
        raise StartError(str(error)) from error


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, request: bytes, end: float) -> str:
    """Return why there is no answer 200; an empty text once there is one."""
    received = "nothing"
    while time.perf_counter() < end:
        if process.poll() is not None:
            return f"it ended with status {process.returncode}"
        with contextlib.suppress(OSError, ValueError):
            received = str(_ask(port, request, end))
            if received == "200":
                return ""
        time.sleep(0.005)
    return f"expected an answer 200 in time; received {received}"


def _ask(port: int, request: bytes, end: float) -> int:
    with socket.create_connection((HOST, port), max(0.1, end - time.perf_counter())) as connection:
        connection.sendall(request)
        answer = Answer()
        while data := connection.recv(2**16):
            if answer.take(data):
                return answer.status
    raise ConnectionError("closed before it answered")


def _read_end(said: IO[bytes]) -> str:
    """Return the last line that a program wrote, in brackets."""
    said.seek(0)
    lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f" ({lines[-1].strip()[:MAX_TOLD]})" if lines else ""


def read_resident(pid: int) -> int:
    """Return the resident bytes of a process; 0 if there is none, or no /proc."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _read_cpu(pid: int) -> float:
    fields = _read_status(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _read_status(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on; none if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _find_free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])
