"""What one request may ask for, and how many the service works on at once."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

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
        max_pictures: in one PNG sheet.
        max_values: numbers that a generator holds for one request: rows times steps.
        max_streamed_values: numbers in an answer that a generator makes part by part.
        max_requests: in progress at the same time, other than those that wait for a model's first rows.
        max_waiting_rows: that wait for a model at the same time; of a larger request its next 128 do.
        max_held_bytes: of all bodies that arrive or are worked on at the same time.
        max_body_seconds: for a request's body to arrive.
        max_submissions: to the leaderboards that one client may send in a minute, whatever becomes of them.
    """

    max_body_bytes: int = 32 * 2**20
    max_rows: int = 10_000
    max_pictures: int = 400
    max_values: int = 2_000_000
    max_streamed_values: int = 100_000_000
    max_requests: int = 64
    max_waiting_rows: int = 2048
    max_held_bytes: int = 512 * 2**20
    max_body_seconds: float = 60.0
    max_submissions: int = 30

    def check_rows(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks for more rows than are allowed."""
        if rows > self.max_rows:
            raise TooLargeError(
                f"one request may hold at most {self.max_rows} rows; received {rows}. Send them in several requests."
            )

    def check_pictures(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks for more pictures than are allowed."""
        if rows > self.max_pictures:
            raise TooLargeError(
                f"one sheet may hold at most {self.max_pictures} pictures; received {rows} rows. "
                "Send them in several requests, or take .npy."
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
    """Counts requests in progress, rows that wait and bytes of bodies, and turns away what is beyond a limit."""

    def __init__(self, limits: Limits) -> None:
        """Start with none in progress."""
        self._limits = limits
        self.in_progress = self.waiting_rows = self.held_bytes = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place while the body runs; raise `OverloadedError` if there is none."""
        if self.in_progress >= self._limits.max_requests:
            raise OverloadedError(
                f"{self._limits.max_requests} requests are in progress, as many as this service takes on. "
                f"Try again in {OverloadedError.retry_after} s."
            )
        self.in_progress += 1
        try:
            yield
        finally:
            self.in_progress -= 1

    def check_rows(self, rows: int) -> None:
        """Raise `OverloadedError` if so many more rows cannot wait."""
        if self.waiting_rows + rows > self._limits.max_waiting_rows:
            raise OverloadedError(
                f"{self.waiting_rows} rows wait for the models; {self._limits.max_waiting_rows} may. "
                f"Try again in {OverloadedError.retry_after} s."
            )

    @contextmanager
    def hold_rows(self, rows: int) -> Iterator[None]:
        """Count rows as waiting while the body runs; raises what `check_rows` raises."""
        self.check_rows(rows)
        self.waiting_rows += rows
        try:
            yield
        finally:
            self.waiting_rows -= rows

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], None]]:
        """Yield what counts the bytes of a body as they come, and raises `OverloadedError` if there are too many.

        They count until the block ends. Only what is here counts, so that senders that promise much and send nothing
        keep nobody out.
        """
        held = 0

        def add(count: int) -> None:
            nonlocal held
            if self.held_bytes + count > self._limits.max_held_bytes:
                raise OverloadedError(
                    f"the requests in progress hold {self.held_bytes} bytes; all together may hold "
                    f"{self._limits.max_held_bytes}. Try again in {OverloadedError.retry_after} s."
                )
            self.held_bytes += count
            held += count

        try:
            yield add
        finally:
            self.held_bytes -= held


class Worker:
    """Runs what requests ask for in threads of its own, one for each processor, off the event loop."""

    def __init__(self, limits: Limits, processes: int = 1) -> None:
        """Start with nothing in progress, in one of so many processes that share the processors."""
        self.limits = limits
        self.admission = Admission(limits)
        self._threads = CapacityLimiter(max(1, (os.cpu_count() or 1) // processes))

    def __len__(self) -> int:
        """Return the number of requests in progress."""
        return self.admission.in_progress

    async def run(self, request: Request, work: Callable[[bytes], Result]) -> Result:
        """Return what `work` makes of the request's body, in a thread.

        Raises `OverloadedError` if there is no place, and what `receive` raises. A body takes its place only once it is
        here, so that idle senders take none.
        """
        with ExitStack() as places:
            body = await self.receive(request, places)
            places.enter_context(self.admission.admit())
            return await self.work(work, body)

    async def work(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return `function(*arguments)`, computed in a thread."""
        return await to_thread.run_sync(function, *arguments, limiter=self._threads)

    async def receive(self, request: Request, places: ExitStack) -> bytes:
        """Return the request's body, which is held until `places` are closed.

        Raises `OverloadedError` if all bodies together hold too much, `SlowBodyError` if it does not arrive in time.
        """
        count = places.enter_context(self.admission.hold())
        chunks = []
        try:
            async with asyncio.timeout(self.limits.max_body_seconds):
                async for chunk in request.stream():
                    count(len(chunk))
                    chunks.append(chunk)
                return b"".join(chunks)
        except TimeoutError as error:
            raise SlowBodyError(
                f"the body did not arrive within {self.limits.max_body_seconds:g} s. Send it again."
            ) from error

    async def stream(self, request: Request, work: Callable[[bytes], Iterator[bytes]], media_type: str) -> Response:
        """Return an answer that streams the chunks that `work` makes of the request's body.

        It holds its place until the last chunk is sent or the client has gone. Raises what `run` raises; `work` itself
        may also raise, before the answer begins.
        """
        with ExitStack() as places:
            body = await self.receive(request, places)
            places.enter_context(self.admission.admit())
            chunks = await self.work(work, body)
            first = await self.work(next, chunks)
            return HeldResponse(self._send(first, chunks), places.pop_all(), media_type)

    async def _send(self, first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        yield first
        while (chunk := await self.work(next, chunks, None)) is not None:
            yield chunk


class HeldResponse(StreamingResponse):
    """A streamed answer that gives its place back when it has been sent, or could not be."""

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        places: ExitStack,
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take the answer's chunks, and the places that they hold."""
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        with self._places:
            await super().__call__(scope, receive, send)
