"""What one request may ask for, and how many the service works on at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from ld_data.errors import OverloadedError, TooLargeError

RETRY_AFTER_SECONDS = 1

Result = TypeVar("Result")


@dataclass(frozen=True)
class Limits:
    """The limits that `/info` announces.

    Attributes:
        max_body_bytes: of one request.
        max_rows: vectors, inputs, labels or signals of one request.
        max_requests: that are computed or wait to be computed at the same time.
    """

    max_body_bytes: int = 32 * 2**20
    max_rows: int = 10_000
    max_requests: int = 64

    def check_rows(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks for more rows than are allowed."""
        if rows > self.max_rows:
            raise TooLargeError(
                f"one request may hold at most {self.max_rows} rows; received {rows}. Send them in several requests."
            )


class Admission:
    """Counts the requests in progress and turns away those beyond the limit."""

    def __init__(self, limits: Limits) -> None:
        """Start with none in progress."""
        self._limit = limits.max_requests
        self._in_progress = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place while the body runs; raise `OverloadedError` if there is none."""
        if self._in_progress >= self._limit:
            raise OverloadedError(
                f"{self._limit} requests are in progress, as many as this service takes on. "
                f"Try again in {RETRY_AFTER_SECONDS} s."
            )
        self._in_progress += 1
        try:
            yield
        finally:
            self._in_progress -= 1


class Worker:
    """Runs what requests ask for in threads, off the event loop, no more of them at once than the limit."""

    def __init__(self, limits: Limits) -> None:
        """Start with nothing in progress."""
        self.limits = limits
        self._admission = Admission(limits)

    async def run(self, request: Request, work: Callable[[bytes], Result]) -> Result:
        """Return what `work` makes of the request's body; raise `OverloadedError` if there is no place."""
        with self._admission.admit():
            body = await request.body()
            return await run_in_threadpool(work, body)
