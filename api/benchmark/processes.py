"""Servers in processes of their own: started on a port and a core, measured, and ended."""

import contextlib
import http.client
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
from typing import IO

from api.benchmark.http import HOST, Request, send
from api.errors import StartError

START_SECONDS = 120.0
STOP_SECONDS = 15.0
MAX_TOLD = 300  # characters of a program's last line in an error
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "BENTOML_DO_NOT_TRACK": "true",
}


@dataclass(frozen=True)
class Running:
    """A running server.

    Attributes:
        seconds: from its start to its first answer.
    """

    process: subprocess.Popen[bytes]
    port: int
    seconds: float

    def measure_memory(self) -> int:
        """Return the resident bytes of the process and of all that it started; 0 without /proc."""
        return sum(read_resident(pid) for pid in self._find_all())

    def measure_cpu(self) -> float:
        """Return the CPU seconds that the process and all that it started have used; 0 without /proc."""
        return sum(_read_cpu(pid) for pid in self._find_all())

    def _find_all(self) -> list[int]:
        return [self.process.pid, *find_descendants(self.process.pid)]


@contextmanager
def start(
    make_command: Callable[[int], Sequence[str]], request: Request, core: int | None = 0, seconds: float = START_SECONDS
) -> Iterator[Running]:
    """Yield a server on a free port and on one core, or with None on all, once it has answered its request.

    Raises:
        StartError: if it cannot be started, ends, or does not answer 200 within that many seconds.
    """
    with socket.create_server((HOST, 0)) as listener:
        port = int(listener.getsockname()[1])
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(  # noqa: S603  # of commands that this package writes
                [*make_command(port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **ONE_THREAD},
            )
        except OSError as error:
            raise StartError(f"it could not be started: {error}") from error
        try:
            keep_to_core(process.pid, core)
            if reason := _wait_for_answer(process, port, request, began + seconds):
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


def find_descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that these started; none without /proc."""
    folders = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    parents = {child: int(fields[1]) for child in folders if (fields := _read_status(child))}
    found = [child for child, parent in parents.items() if parent == pid]
    for child in found:
        found += [grandchild for grandchild, parent in parents.items() if parent == child]
    return found


def read_resident(pid: int) -> int:
    """Return the resident bytes of a process; 0 without the process or /proc."""
    fields = _read_status(pid)
    return int(fields[21]) * resource.getpagesize() if fields else 0


def _read_cpu(pid: int) -> float:
    fields = _read_status(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _read_status(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on; none without the process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, by SIGTERM and, without success, SIGKILL."""
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


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, request: Request, end: float) -> str:
    """Return why there is no answer 200; an empty text once there is one."""
    received = "nothing"
    while (left := end - time.perf_counter()) > 0:
        if process.poll() is not None:
            return f"it ended with status {process.returncode}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            received = str(send(port, request, max(0.1, left))[0])
            if received == "200":
                return ""
        time.sleep(0.005)
    return f"expected an answer 200 in time; received {received}"


def _read_last_line(output: IO[bytes]) -> str:
    """Return the last line that a program wrote, in brackets."""
    output.seek(0)
    lines = [line for line in output.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f" ({lines[-1].strip()[:MAX_TOLD]})" if lines else ""
