"""The workers that make calls: this process, others on this machine, or those of a cluster.

Any `concurrent.futures.Executor` will do. Nothing else in LD-Data knows which one it is.
"""

import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from ld_data.checks import check_integer
from ld_data.errors import LdDataError, StorageError
from ld_data.work.cluster import RESUME, THREADS, open_cluster
from ld_data.work.memory import keep_memory

KILLED = (
    "a worker was killed, for example for lack of memory. Kept results stay: run the command again, with fewer jobs "
    "if this repeats itself."
)
CANCELLED = f"calls were taken back: the connection to the scheduler is lost. {RESUME}"
CHECK_SECONDS = 5.0
MAX_JOBS = 1000

T = TypeVar("T", bound=Hashable)


class Here(Executor):
    """An executor that makes each call when it is submitted, in this process."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Return the finished future of a call."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **options))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class Workers:
    """An executor, and how many calls it makes at the same time.

    Attributes:
        check: raises an error if the executor is lost; called after each few seconds in which no call ends.
    """

    executor: Executor = field(default_factory=Here)
    count: int = 1
    check: Callable[[], None] = lambda: None

    @property
    def are_here(self) -> bool:
        """Whether this process makes the calls, and shares its memory with them."""
        return isinstance(self.executor, Here)


HERE = Workers()


@contextmanager
def open_workers(jobs: int = 1, cluster: str | None = None) -> Iterator[Workers]:
    """Yield this process, so many processes of this machine, or those of a cluster, which `open_cluster` names.

    Each process has one thread of linear algebra.

    Raises:
        InputError: the number of jobs is out of range; or as `open_cluster`.
        MissingLibraryError: as `open_cluster`.
    """
    check_integer("jobs", jobs, 1, MAX_JOBS)
    if cluster is not None:
        with open_cluster(cluster) as (executor, count, check):
            yield Workers(executor, count, check)
    elif jobs > 1:
        # a fork may copy the locks of running threads
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin) as pool:
            yield Workers(pool, jobs)
    else:
        yield Workers()


def _begin() -> None:
    """Let a new process keep its memory, use one thread in libraries loaded or to come, and end with its parent.

    It would wait for calls without end if that one is killed.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ |= {name: str(count) for name, count in THREADS.items()}
    threadpool_limits(1)
    keep_memory()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def make_calls(
    submit: Callable[[Executor, T], Future[Any]], items: Iterable[T], workers: Workers, ahead: int = 1, tries: int = 1
) -> Iterator[tuple[T, Future[Any]]]:
    """Yield each item with its finished call, in the order in which they end.

    `submit` gives the call of an item to the executor. So many calls for each worker are submitted `ahead`, and items
    are taken from the iterable when there is room. A call that fails is made again, up to so many `tries`, unless its
    error is an `LdDataError`, which another try would raise, too. If the iteration is left, calls that wait are
    cancelled.

    Raises:
        StorageError: a worker was killed, or the executor cancelled a call; or as `workers.check`.
    """
    queue, tried, running = iter(items), Counter[T](), dict[Future[Any], T]()

    def begin(item: T) -> None:
        tried[item] += 1
        running[submit(workers.executor, item)] = item

    try:
        for item in islice(queue, 1 if workers.are_here else ahead * workers.count):
            begin(item)
        while running:
            done, _ = wait(running, CHECK_SECONDS, FIRST_COMPLETED)
            if not done:
                workers.check()
            for future in sorted(done, key=_is_lost):  # what was finished comes first
                _check_loss(future)
                item, error = running.pop(future), future.exception()
                if error and tried[item] < tries and not isinstance(error, LdDataError):
                    begin(item)
                    continue
                del tried[item]
                yield item, future
                for following in islice(queue, 1):
                    begin(following)
    except BrokenExecutor as error:
        raise StorageError(KILLED) from error
    finally:
        for future in running:
            future.cancel()


def _check_loss(future: Future[Any]) -> None:
    if future.cancelled():  # as Dask does at once where it loses the scheduler
        raise StorageError(CANCELLED)
    if isinstance(error := future.exception(), BrokenExecutor):
        raise error


def _is_lost(future: Future[Any]) -> bool:
    return future.cancelled() or isinstance(future.exception(), BrokenExecutor)
