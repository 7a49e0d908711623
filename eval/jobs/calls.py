"""Calls of a sweep: made by any workers, each result kept as soon as it is there.

A result is a JSON file of its own, named by the hash of all that it depends on. So a sweep that stops goes on where it
was, several commands share their results, and none of them is taken for another.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Generic, TypeVar

from eval.jobs.data import Sent, refer
from ld_data.cli.libraries import BACKEND_VARIABLE
from ld_data.errors import InputError, IntegrityError, StorageError
from ld_data.fingerprint import find_versions
from ld_data.progress import hide_progress, show_progress
from ld_data.release.dataset import LatentDataset
from ld_data.storage.hashing import hash_file
from ld_data.storage.staging import stage_file
from ld_data.work.workers import KILLED, Workers, make_calls

PACKAGES = ("ld_data", "vae", "eval")  # results depend on
LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "onnxruntime",
)  # or their versions

R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Call(Generic[R]):
    """A call of a function, by its name in a module that every worker imports, so that no heavy library is at its top.

    Attributes:
        arguments: few bytes, since they are sent.
        depends_on: JSON values that decide the result, with the code and the versions of the libraries.
        read, write: turn JSON values into a result, and back.
    """

    function: Callable[..., R]
    arguments: tuple[Any, ...]
    depends_on: Mapping[str, Any]
    read: Callable[[Any], R]
    write: Callable[[R], Any] = asdict  # type: ignore[assignment]

    def describe(self) -> dict[str, Any]:
        """Return all that the result depends on, as JSON values."""
        name = f"{self.function.__module__}.{self.function.__qualname__}"
        backend, code = os.environ.get(BACKEND_VARIABLE), hash_code()
        values = {
            "function": name,
            **self.depends_on,
            "backend": backend,
            "code": code,
            "libraries": find_versions(LIBRARIES),
        }
        return json.loads(json.dumps(values))


@dataclass(frozen=True)
class Runner:
    """The workers of a sweep, and the folder of its results, or none."""

    workers: Workers = field(default_factory=Workers)
    kept: Path | None = None

    def send(self, data: LatentDataset) -> Sent:
        """Return a dataset as the argument of calls: a reference, unless the workers share the memory."""
        return data if self.workers.are_here else refer(data)

    def run(self, calls: Sequence[Call[R]], title: str) -> Iterator[tuple[Call[R], R]]:
        """Yield each call with its result once it is there, those that are kept first, under a progress bar.

        Once one fails, no more are begun, and those that run are yielded before its error is raised.

        Raises:
            IntegrityError: a file in the folder is no such result.
            StorageError: a worker was killed, or the disk refuses.
        """
        failed: list[BaseException] = []
        with show_progress(title=title, total=len(calls), unit="fit") as bar:
            left = []
            for call in calls:
                if (path := self._find_path(call)) and path.is_file():
                    yield call, _read(path, call)
                    bar.update()
                else:
                    left.append(call)
            backend, is_hidden = os.environ.get(BACKEND_VARIABLE), len(calls) > 1 or not self.workers.are_here

            def submit(executor: Executor, call: Call[R]) -> Future[Any]:
                return executor.submit(_run, call.function, call.arguments, is_hidden, backend)

            wanted = takewhile(lambda _: not failed, left)
            for call, future in make_calls(submit, wanted, self.workers):
                if error := future.exception():
                    failed.append(error)
                    continue
                if path := self._find_path(call):
                    _write(path, call, future.result())
                yield call, future.result()
                bar.update()
        if failed:
            if type(failed[0]).__name__ == "KilledWorker":  # of Dask, which tries on others first
                raise StorageError(KILLED) from failed[0]
            raise failed[0]

    def _find_path(self, call: Call[R]) -> Path | None:
        if self.kept is None:
            return None
        text = json.dumps(call.describe(), sort_keys=True, separators=(",", ":"))
        return self.kept / f"{hashlib.sha256(text.encode()).hexdigest()}.json"


HERE = Runner()


def _run(function: Callable[..., R], arguments: tuple[Any, ...], is_hidden: bool, backend: str | None) -> R:
    if (here := os.environ.get(BACKEND_VARIABLE)) != backend:
        raise InputError(
            f"{BACKEND_VARIABLE} is {backend} where the command runs, and {here} on a worker: set it alike."
        )
    with hide_progress() if is_hidden else nullcontext():
        return function(*arguments)


def _write(path: Path, call: Call[R], result: R) -> None:
    values = {"depends_on": call.describe(), "result": call.write(result)}
    with stage_file(path) as draft:
        draft.write_text(json.dumps(values) + "\n", "utf-8")


def _read(path: Path, call: Call[R]) -> R:
    try:
        values = json.loads(path.read_text("utf-8"))
        if values["depends_on"] != call.describe():
            raise ValueError("it depends on something else than its name says")
        return call.read(values["result"])
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError(f"{path} is no result of this version ({error!r}). Delete it, and run again.") from error


@cache
def hash_code() -> str:
    """Return the sha256 of the sources of LD-Data that results depend on."""
    root, total = Path(__file__).parents[2], hashlib.sha256()
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*.py")):
        total.update(f"{path.relative_to(root)} {hash_file(path)}\n".encode())
    return total.hexdigest()
