"""Connections whose clients cost much and do little: they send endless or slow headers, or read nothing.

Written by hand, on top of uvicorn's protocol: with httptools uvicorn limits neither the bytes nor the time of headers,
and waits for ever for a client that does not take its answer.
"""

import fcntl
import resource
import sys
import termios
from asyncio import BaseTransport, TimerHandle
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from api.messages.payload import JSON, write_json
from api.messages.request_record import ARRIVED
from api.middleware.old_clients import OldClients

MAX_HEADER_BYTES = 2**16
HEADER_SECONDS = 10.0  # from a connection, or from the first byte of a further request, to the end of the headers
READING_SECONDS = 30.0  # in which a client takes some of an answer that waits
SPARE_DESCRIPTORS = 128  # for files, databases and pipes


class Connection(OldClients):
    """One connection of a client; as a class it holds the limits, which tests lower."""

    max_connections = sys.maxsize
    header_seconds, reading_seconds = HEADER_SECONDS, READING_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._undelivered = 0  # bytes since the last end of headers and the last part of a body
        self._is_in_headers = False
        self._deadline: TimerHandle | None = None  # for what the client still has to send
        self._look: TimerHandle | None = None  # the next one at the bytes that the client has to take
        self._unread = 0  # at the last look

    def connection_made(self, transport: BaseTransport) -> None:
        """Start the time for the first headers; at the limit another connection without a request gives way."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._start_deadline()
        if len(self.connections) > self.max_connections:
            idle = (other for other in self.connections if getattr(other, "cycle", self) is None and other is not self)
            next(idle, self).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._stop_deadline()
        self._stop_looking()
        self._unset_keepalive_if_required()  # uvicorn leaves it after an error
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse some bytes; refuse headers, trailers and chunk extensions beyond the limit."""
        while data and not self.transport.is_closing():
            room = MAX_HEADER_BYTES + 1 - self._undelivered
            piece, data = data[:room], data[room:]
            self._undelivered += len(piece)
            super().data_received(piece)
            if self._undelivered > MAX_HEADER_BYTES:
                self._refuse(431, f"the headers of a request may hold at most {MAX_HEADER_BYTES} bytes. Send fewer.")
        if self._is_in_headers or self.cycle is None or self.cycle.response_complete:
            self._start_deadline()

    def on_message_begin(self) -> None:
        """Note the start of the headers of a request; time starts for what of them is still to come."""
        self._undelivered = max(self._undelivered, 1)
        self._is_in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop the time for the headers."""
        self._undelivered = 0
        self._is_in_headers = False
        self._stop_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._undelivered = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        self._undelivered = 0
        self._stop_deadline()
        self.scope[ARRIVED] = True  # type: ignore[literal-required]
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Look whether the client takes the end of the last answer."""
        if self.transport.is_closing():
            self._start_looking()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, and look whether the client takes what waits for it."""
        self._start_looking()
        super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        """Look from time to time whether the client takes what waits for it."""
        super().pause_writing()
        self._start_looking()

    def resume_writing(self) -> None:
        """Stop looking, unless the connection only waits for its end."""
        if not self.transport.is_closing():
            self._stop_looking()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer 400 in the one shape of errors, and close the connection."""
        self._refuse(400, f"{msg} Send HTTP/1.1.")

    def _refuse(self, status: int, reason: str) -> None:
        if self.transport.is_closing():
            return
        phrase = HTTPStatus(status).phrase
        body = write_json({"error": reason, "error_type": phrase.lower().replace(" ", "_")})
        head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n"
        self.transport.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        self.transport.close()
        self._start_looking()

    def _start_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self._end_deadline)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_deadline(self) -> None:
        self._deadline = None
        if self.cycle is not None and not self.cycle.response_complete:  # it sends one request after the other
            self._start_deadline()
            return
        if self._undelivered:
            self._refuse(
                408, f"the rest of the request did not arrive within {self.header_seconds:g} s. Send it again."
            )
        self.transport.close()

    def _start_looking(self) -> None:
        if self._look is None:
            self._unread = self._count_unread()
            self._look = self.loop.call_later(self.reading_seconds, self._drop_unless_read)

    def _drop_unless_read(self) -> None:
        unread = self._count_unread()
        if unread >= self._unread:
            self.logger.info("dropped a client that read nothing for %g s", self.reading_seconds)
            self.transport.abort()
            return
        self._unread = unread
        self._look = self.loop.call_later(self.reading_seconds, self._drop_unless_read)

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _count_unread(self) -> int:
        """Return how many bytes the client has not taken: those here and, on Linux, those in the socket's queue.

        The system reports room in the queue in large steps, which a slow client takes minutes for.
        """
        return self.transport.get_write_buffer_size() + _count_queued(self.transport.get_extra_info("socket"))


def _count_queued(connection: Any) -> int:
    if sys.platform != "linux":
        return 0
    try:
        return int.from_bytes(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except OSError:  # it is closed already
        return 0


def raise_descriptor_limit() -> None:
    """Raise the soft limit on open files to the hard one, and keep connections below it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(OSError, ValueError):  # macOS refuses a soft limit without bounds
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most != resource.RLIM_INFINITY:
        Connection.max_connections = max(1, most - SPARE_DESCRIPTORS)
