"""Threads that run the work of requests off the event loop."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import wraps
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.errors import SlowBodyError
from api.messages.replies import cut
from api.messages.request_record import ARRIVED
from api.settings import Limits
from api.work.admission import Admission, Hold

Result = TypeVar("Result")
READERS, WRITERS = 4, 4  # threads
SEARCH_SECONDS = 0.1  # after the end of a broken stream, once nothing holds its frames


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
        with self.admission.bytes.hold() as held:
            body = await self.receive(request, held)
            with self.admission.requests.hold(1):
                return await self.work(work, body)

    async def work(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return `function(*arguments)`, computed in a thread."""
        return await run_in_thread(self._threads, function, *arguments)

    async def receive(self, request: Request, held: Hold) -> bytes:
        """Return the body of a request; the bytes that have arrived are added to those held.

        Raises:
            OverloadedError: all bodies together exceed `max_held_bytes`.
            SlowBodyError: the body did not arrive within `max_body_seconds`.
        """
        if ARRIVED in request.scope:
            return await _collect(request.receive, held)
        try:
            async with asyncio.timeout(self.limits.max_body_seconds):
                return await _collect(request.receive, held)
        except TimeoutError as error:
            raise SlowBodyError(
                f"the body did not arrive within {self.limits.max_body_seconds:g} s. Send it again."
            ) from error

    async def stream(
        self, request: Request, work: Callable[[bytes], tuple[int, Iterator[bytes]]], media_type: str
    ) -> Response:
        """Return an answer that streams chunks: `work(body)` is how many bytes they hold, and the chunks themselves.

        The stream counts until the last chunk is sent or the client has left. An error of `work` before its first chunk
        passes on.
        """
        with ExitStack() as places:
            body = await self.receive(request, places.enter_context(self.admission.bytes.hold()))
            places.enter_context(self.admission.hold_stream(request.scope))
            held, chunks = await self.work(work, body)
            places.enter_context(self.admission.bytes.hold(held))
            first = await self.work(next, chunks, b"")
            return HeldResponse(self._send(first, chunks), places.pop_all(), media_type)

    async def _send(self, first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        yield first
        while (chunk := await self.work(next, chunks, None)) is not None:
            yield chunk


async def _collect(receive: Receive, held: Hold) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        held.add(len(chunk))
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def run_in_thread(threads: CapacityLimiter, function: Callable[..., Result], *arguments: Any) -> Result:
    """Return `function(*arguments)`, computed in one of these threads.

    An error of it is raised here: anyio's own frame would keep it in a cycle, and so the body of the request, until
    the next search for garbage.
    """
    failures: list[Exception] = []

    def catch() -> Result | None:
        try:
            return function(*arguments)
        except Exception as error:
            failures.append(error)
            return None

    result = await to_thread.run_sync(catch, limiter=threads)
    if failures:
        raise failures.pop()
    return result  # type: ignore[return-value]


class StoreWorker(Worker):
    """Runs the work of the leaderboard in threads and places of its own, since its database may be slow or locked.

    Writers wait for a locked database, so readers have further threads.
    """

    def __init__(self, worker: Worker) -> None:
        self.limits, self.admission = worker.limits, worker.admission
        self._threads, self._writers = CapacityLimiter(READERS), CapacityLimiter(WRITERS)

    async def run(self, request: Request, work: Callable[[bytes], Result]) -> Result:
        """Return `work(body)` for the body of a request, computed in a thread of readers, or of writers."""
        reads = request.method in ("GET", "HEAD")
        with self.admission.bytes.hold() as held:
            body = await self.receive(request, held)
            with (self.admission.reads if reads else self.admission.writes).hold(1):
                return await run_in_thread(self._threads if reads else self._writers, work, body)


def in_store_threads(route: Callable[..., Result]) -> Callable[..., Awaitable[Result]]:
    """Return a route of the leaderboard that runs in threads of its `StoreWorker`."""

    @wraps(route)
    async def run(**values: Any) -> Result:
        worker: Worker = values["leaderboard"].worker
        return await worker.run(values["request"], lambda _: route(**values))

    return run


class HeldResponse(StreamingResponse):
    """A streamed answer, in pieces, that closes its places when it has been sent, or could not be sent."""

    def __init__(
        self, chunks: AsyncIterator[bytes], places: ExitStack, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(self._cut(chunks), media_type=media_type, headers=headers)
        self._places, self._is_whole = places, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; one that breaks off leaves its rows in a cycle of anyio's frames, which is searched for."""
        try:
            with self._places:
                await super().__call__(scope, receive, send)
        finally:
            if not self._is_whole:
                asyncio.get_running_loop().call_later(SEARCH_SECONDS, gc.collect)

    async def _cut(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[memoryview]:
        async for chunk in chunks:
            for piece in cut(chunk):
                yield piece
        self._is_whole = True
