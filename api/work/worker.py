"""Threads that run the work of requests off the event loop."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.settings import Limits
from api.work.admission import Admission
from ld_data.errors import SlowBodyError

Result = TypeVar("Result")


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
