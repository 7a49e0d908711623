"""One call of a model for the rows of several requests, small requests first.

The batcher never waits for more requests: it computes together the requests that have queued up by the time the model
is free. A model runs on the event loop, a chunk of rows at a time, so that no data pass between threads.
This is written by hand: libraries for batching wait for a batch to fill, and serve all requests in order of arrival.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ld_data.typing import Array

Function = Callable[..., Array]
Watch = Callable[[int, int, float], None]  # called after each call of a model; see `Batcher`

SMALL_ROWS = 64  # a request of at most so many rows goes before larger ones
CHUNK_ROWS = 128  # rows of a larger request that are computed before the next small ones
BATCH_ROWS = 256  # most rows of one call


class _Job(NamedTuple):
    function: Function
    arrays: tuple[Array, ...]
    result: asyncio.Future[Array]


class Batcher:
    """Runs functions of rows for many requests; the result of a row must not depend on the other rows.

    `watch` is called after each call of a model with the numbers of its requests and rows, and with the seconds since
    the call before or, if nothing waited then, since the first of its requests: all the work of the event loop counts.
    """

    def __init__(self, watch: Watch = lambda *_: None) -> None:
        self._watch = watch
        self._small: dict[Function, deque[_Job]] = {}
        self._large: deque[_Job] = deque()
        self._is_scheduled = self._is_large_next = False
        self._since = 0.0

    async def run(self, function: Function, *arrays: Array) -> Array:
        """Return `function(*arrays)`, rows `(n, ...)` for arrays of n rows each; an error of the function passes on.

        Calls of one function are joined if they arrive while the model is busy.
        """
        if len(arrays[0]) <= SMALL_ROWS:
            return await self._queue(self._small.setdefault(function, deque()), function, arrays)
        return np.concatenate([part async for part in self.stream(function, *arrays)])

    async def stream(self, function: Function, *arrays: Array) -> AsyncIterator[Array]:
        """Yield the rows of `function(*arrays)` in parts; the next part is computed after the last one was taken."""
        for start in range(0, len(arrays[0]), CHUNK_ROWS):
            part = tuple(array[start : start + CHUNK_ROWS] for array in arrays)
            yield await self._queue(self._large, function, part)

    def _queue(self, queue: deque[_Job], function: Function, arrays: tuple[Array, ...]) -> asyncio.Future[Array]:
        job = _Job(function, arrays, asyncio.get_running_loop().create_future())
        queue.append(job)
        if not self._is_scheduled:
            self._since = perf_counter()
        self._schedule()
        return job.result

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        """Make one call for the small jobs of each function, or one for a part of a large job, in turns.

        The remaining jobs wait until the event loop has sent these results and accepted new requests. So a small job
        waits for one part at most, and a request beyond the limits is refused at once.
        """
        self._is_scheduled = False
        small = [jobs for jobs in self._small.values() if jobs]
        if small and not (self._large and self._is_large_next):
            for jobs in small:
                self._compute(_take(jobs))
            self._is_large_next = True
        else:
            self._compute([self._large.popleft()])
            self._is_large_next = False
        if self._large or any(self._small.values()):
            self._schedule()

    def _compute(self, jobs: list[_Job]) -> None:
        """Set the result of each job from one call of their function."""
        jobs = [job for job in jobs if not job.result.cancelled()]  # a job is cancelled when its client leaves
        if not jobs:
            return
        arrays = jobs[0].arrays
        if len(jobs) > 1:
            arrays = tuple(np.concatenate(parts) for parts in zip(*(job.arrays for job in jobs), strict=True))
        try:
            rows = jobs[0].function(*arrays)
        except Exception as error:
            for job in jobs:
                job.result.set_exception(error)
        else:
            stop = 0
            for job in jobs:
                start, stop = stop, stop + len(job.arrays[0])
                job.result.set_result(rows[start:stop])
        before, self._since = self._since, perf_counter()
        self._watch(len(jobs), len(arrays[0]), self._since - before)


def _take(jobs: deque[_Job]) -> list[_Job]:
    """Remove from a queue, and return, as many of its first jobs as fit into one call."""
    taken: list[_Job] = []
    rows = 0
    while jobs and (not taken or rows + len(jobs[0].arrays[0]) <= BATCH_ROWS):
        rows += len(jobs[0].arrays[0])
        taken.append(jobs.popleft())
    return taken
