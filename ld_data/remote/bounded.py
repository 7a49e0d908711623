"""An HTTP client that leaves a server which sends too slowly or too much: timeouts of httpx2 are for single steps."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

import httpx2

LEAST_RATE = 1024  # bytes a second


class BoundsError(httpx2.TransportError):
    """A server sends less than `LEAST_RATE` bytes a second for long, or more than the client takes."""


class BoundedClient(httpx2.Client):
    """A client of servers that send `LEAST_RATE` bytes a second or more, and at most `most_bytes` in one answer.

    The rate counts headers and every pause: a request ends after `patience` in seconds, and a second for each
    `LEAST_RATE` bytes that were sent or received. Other arguments are those of `httpx2.Client`.
    """

    def __init__(self, patience: float, most_bytes: int, **options: Any) -> None:
        super().__init__(**options)
        self._patience, self._most_bytes = patience, most_bytes
        self._connections: WeakSet[Any] = WeakSet()

    @contextmanager
    def receive(self, method: str, url: str, **request: Any) -> Iterator[httpx2.Response]:
        """Yield the answer to a request, as `stream` does; raises `BoundsError` where a server leaves the bounds.

        For a server that is too slow, all connections of this client are cut off.
        """
        watch = _Watch(self._patience + len(request.get("content", b"")) / LEAST_RATE, self._cut_off)
        watch.start()
        try:
            with self.stream(method, url, extensions={"trace": self._note_connection}, **request) as response:
                response.stream = _Counted(response.stream, watch, self._most_bytes)
                yield response
        except httpx2.TransportError as error:
            if not watch.has_cut:
                raise
            raise BoundsError(f"it sends less than {LEAST_RATE} bytes a second", request=error.request) from error
        finally:
            watch.ended.set()

    def _note_connection(self, event: str, facts: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._connections.add(facts["return_value"])

    def _cut_off(self) -> None:
        for connection in list(self._connections):
            with suppress(OSError):  # of one that is closed
                connection.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


class _Watch(threading.Thread):
    """Cuts a request off when its time is over, which grows with the bytes `received`."""

    def __init__(self, patience: float, cut_off: Any) -> None:
        super().__init__(daemon=True)
        self.received, self.has_cut, self.ended = 0, False, threading.Event()
        self._deadline, self._cut_off = time.monotonic() + patience, cut_off

    def run(self) -> None:
        while (left := self._deadline + self.received / LEAST_RATE - time.monotonic()) > 0:
            if self.ended.wait(left):
                return
        self.has_cut = True
        self._cut_off()


class _Counted(httpx2.SyncByteStream):
    """The body of an answer, counted."""

    def __init__(self, body: Any, watch: _Watch, most_bytes: int) -> None:
        self._body, self._watch, self._most_bytes = body, watch, most_bytes

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._watch.received += len(chunk)
            if self._watch.received > self._most_bytes:
                raise BoundsError(f"it sends more than {self._most_bytes} bytes")
            yield chunk

    def close(self) -> None:
        self._body.close()
