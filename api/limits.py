"""What one request may ask for, and how many the service works on at once."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from ld_data.errors import OverloadedError, SlowBodyError, TooLargeError

RETRY_AFTER_SECONDS = 1

Result = TypeVar("Result")


@dataclass(frozen=True)
class Limits:
    """The limits that `/info` announces.

    Attributes:
        max_body_bytes: of one request.
        max_rows: vectors, inputs, labels or signals of one request.
        max_values: numbers that a generator holds for one request: rows times steps.
        max_requests: that are computed or wait to be computed at the same time.
        max_body_seconds: for a request's body to arrive.
    """

    max_body_bytes: int = 32 * 2**20
    max_rows: int = 10_000
    max_values: int = 2_000_000
    max_requests: int = 64
    max_body_seconds: float = 60.0

    def check_rows(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks for more rows than are allowed."""
        if rows > self.max_rows:
            raise TooLargeError(
                f"one request may hold at most {self.max_rows} rows; received {rows}. Send them in several requests."
            )

    def check_values(self, values: int) -> None:
        """Raise `TooLargeError` if a request asks a generator for more numbers than are allowed."""
        if values > self.max_values:
            raise TooLargeError(
                f"one request may make the generator hold at most {self.max_values} numbers; this one needs {values}. "
                "Ask for fewer or shorter signals, or generate them with `python -m ld_data generate`."
            )


class Admission:
    """Counts the requests in progress and turns away those beyond the limit."""

    def __init__(self, limits: Limits) -> None:
        """Start with none in progress."""
        self._limit = limits.max_requests
        self.in_progress = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place while the body runs; raise `OverloadedError` if there is none."""
        if self.in_progress >= self._limit:
            raise OverloadedError(
                f"{self._limit} requests are in progress, as many as this service takes on. "
                f"Try again in {RETRY_AFTER_SECONDS} s."
            )
        self.in_progress += 1
        try:
            yield
        finally:
            self.in_progress -= 1


class Worker:
    """Runs what requests ask for in threads of its own, one for each processor, off the event loop."""

    def __init__(self, limits: Limits) -> None:
        """Start with nothing in progress."""
        self.limits = limits
        self._admission = Admission(limits)
        self._threads = CapacityLimiter(os.cpu_count() or 1)

    def __len__(self) -> int:
        """Return the number of requests in progress."""
        return self._admission.in_progress

    async def run(self, request: Request, work: Callable[[bytes], Result]) -> Result:
        """Return what `work` makes of the request's body.

        Raises `OverloadedError` if there is no place, `SlowBodyError` if the body does not arrive in time. A body takes
        its place only once it is here, so that idle senders take none.
        """
        try:
            async with asyncio.timeout(self.limits.max_body_seconds):
                body = await request.body()
        except TimeoutError as error:
            raise SlowBodyError(
                f"the body did not arrive within {self.limits.max_body_seconds:g} s. Send it again."
            ) from error
        with self._admission.admit():
            return await to_thread.run_sync(work, body, limiter=self._threads)
