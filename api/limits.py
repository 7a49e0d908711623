"""What one request may ask for, and how many the service works on at once."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ld_data.errors import OverloadedError, SlowBodyError, TooLargeError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Limits:
    """The limits that `/info` announces.

    Attributes:
        max_body_bytes: of one request.
        max_rows: vectors, inputs, labels or signals of one request.
        max_values: numbers that a generator holds for one request: rows times steps.
        max_streamed_values: numbers in an answer that a generator makes part by part.
        max_requests: that are computed or wait to be computed at the same time.
        max_body_seconds: for a request's body to arrive.
        max_submissions: to the leaderboards that one client may send in a minute, whatever becomes of them.
    """

    max_body_bytes: int = 32 * 2**20
    max_rows: int = 10_000
    max_values: int = 2_000_000
    max_streamed_values: int = 100_000_000
    max_requests: int = 64
    max_body_seconds: float = 60.0
    max_submissions: int = 30

    def check_rows(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks for more rows than are allowed."""
        if rows > self.max_rows:
            raise TooLargeError(
                f"one request may hold at most {self.max_rows} rows; received {rows}. Send them in several requests."
            )

    def check_generated_rows(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks a generator for more rows than are allowed in one piece."""
        if rows > self.max_rows:
            raise TooLargeError(
                f"one answer may hold at most {self.max_rows} signals; asked for {rows}. In fast mode .npy and .npz "
                "(by the header Accept) are streamed and may hold more; `python -m ld_data generate` knows no limit."
            )

    def check_values(self, values: int) -> None:
        """Raise `TooLargeError` if a request asks a generator for more numbers than are allowed."""
        if values > self.max_values:
            raise TooLargeError(
                f"one request may make the generator hold at most {self.max_values} numbers; this one needs {values}. "
                "Ask for fewer or shorter signals, or generate them with `python -m ld_data generate`."
            )

    def check_streamed_values(self, values: int) -> None:
        """Raise `TooLargeError` if a request asks for a longer stream than is allowed."""
        if values > self.max_streamed_values:
            raise TooLargeError(
                f"one answer may stream at most {self.max_streamed_values} numbers; this one would {values}. "
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
                f"Try again in {OverloadedError.retry_after} s."
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
        body = await self._receive(request)
        with self._admission.admit():
            return await to_thread.run_sync(work, body, limiter=self._threads)

    async def stream(self, request: Request, work: Callable[[bytes], Iterator[bytes]], media_type: str) -> Response:
        """Return an answer that streams the chunks that `work` makes of the request's body.

        It holds its place until the last chunk is sent or the client has gone. Raises what `run` raises; `work` itself
        may also raise, before the answer begins.
        """
        body = await self._receive(request)
        with ExitStack() as places:
            places.enter_context(self._admission.admit())
            chunks = await to_thread.run_sync(work, body, limiter=self._threads)
            first = await to_thread.run_sync(next, chunks, limiter=self._threads)
            return _HeldResponse(self._send(first, chunks), places.pop_all(), media_type)

    async def _send(self, first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        yield first
        while (chunk := await to_thread.run_sync(next, chunks, None, limiter=self._threads)) is not None:
            yield chunk

    async def _receive(self, request: Request) -> bytes:
        try:
            async with asyncio.timeout(self.limits.max_body_seconds):
                return await request.body()
        except TimeoutError as error:
            raise SlowBodyError(
                f"the body did not arrive within {self.limits.max_body_seconds:g} s. Send it again."
            ) from error


class _HeldResponse(StreamingResponse):
    """A streamed answer that gives its place back when it has been sent, or could not be."""

    def __init__(self, chunks: AsyncIterator[bytes], places: ExitStack, media_type: str) -> None:
        super().__init__(chunks, media_type=media_type)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._places:
            await super().__call__(scope, receive, send)
