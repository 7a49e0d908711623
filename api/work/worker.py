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

from api.errors import SlowBodyError
from api.settings import Limits
from api.work.admission import Admission

Result = TypeVar("Result")


class Worker:
    """Runs the work of requests in threads, one for each processor of those that the processes share."""

    def __init__(self, limits: Limits, processes: int = 1) -> None:
        self.limits = limits
        self.admission = Admission(limits)
        self._threads = CapacityLimiter(max(1, (os.cpu_count() or 1) // processes))

    async def run(self, request: Request, work: Callable[[bytes], Result]) -> Result:
        """Return `work(body)` for the body of a request, computed in a thread.

        A request counts as in progress only once its body has arrived, so that idle senders exclude no other request.
        """
        with ExitStack() as places:
            body = await self.receive(request, places)
            places.enter_context(self.admission.requests.hold(1))
            return await self.work(work, body)

    async def work(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return `function(*arguments)`, computed in a thread."""
        return await to_thread.run_sync(function, *arguments, limiter=self._threads)

    async def receive(self, request: Request, places: ExitStack) -> bytes:
        """Return the body of a request; the bytes that have arrived count as held until `places` are closed.

        Raises:
            OverloadedError: all bodies together exceed `max_held_bytes`.
            SlowBodyError: the body did not arrive within `max_body_seconds`.
        """
        count = places.enter_context(self.admission.bytes.hold())
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
        """Return an answer that streams the chunks `work(body)` for the body of a request.

        The request counts as in progress until the last chunk is sent or the client has left. An error of `work` before
        its first chunk passes on.
        """
        with ExitStack() as places:
            body = await self.receive(request, places)
            places.enter_context(self.admission.requests.hold(1))
            chunks = await self.work(work, body)
            first = await self.work(next, chunks)
            return HeldResponse(self._send(first, chunks), places.pop_all(), media_type)

    async def _send(self, first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        yield first
        while (chunk := await self.work(next, chunks, None)) is not None:
            yield chunk


class HeldResponse(StreamingResponse):
    """A streamed answer that closes its places when it has been sent, or could not be sent."""

    def __init__(
        self, chunks: AsyncIterator[bytes], places: ExitStack, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        with self._places:
            await super().__call__(scope, receive, send)
