"""Compressed request bodies, inflated piece by piece as they are read, so that a small one cannot fill the memory.

This is written by hand: Starlette has no middleware for compressed requests, and other libraries inflate a body whole.
"""

import asyncio
import zlib

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MediaTypeError
from api.messages.payload import MAX_ECHO
from api.messages.refusals import respond_to
from ld_data.errors import InputError

WINDOWS = {"gzip": zlib.MAX_WBITS + 16, "deflate": zlib.MAX_WBITS}  # zlib's codes of the two formats
PIECE_BYTES = 2**16  # bytes that are inflated before other requests have their turn
OF_COMPRESSED = (b"content-encoding", b"content-length")  # headers that do not hold for the inflated body


class Inflation:
    """ASGI middleware: inflates bodies with Content-Encoding gzip or deflate, and answers 415 to any other.

    A body limit inside this middleware counts inflated bytes, and nothing beyond it is inflated.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        encodings = [value for name, value in scope["headers"] if name == b"content-encoding"]
        encoding = b", ".join(encodings).decode("latin-1").lower()
        if encoding in ("", "identity"):
            await self._app(scope, receive, send)
        elif encoding in WINDOWS:
            scope["headers"] = [header for header in scope["headers"] if header[0] not in OF_COMPRESSED]
            await self._app(scope, InflatedBody(receive, encoding), send)
        else:
            await _refuse(encoding)(scope, receive, send)


class InflatedBody:
    """Receives a compressed body, and returns it inflated, one piece at a time."""

    def __init__(self, receive: Receive, encoding: str) -> None:
        """Keep the function that receives the compressed body, and its encoding."""
        self._receive, self._encoding = receive, encoding
        self._inflater = zlib.decompressobj(WINDOWS[encoding])
        self._compressed = b""
        self._is_complete = self._is_over = False

    async def __call__(self) -> Message:
        """Return the next message.

        Raises:
            InputError: the body does not have its encoding, is cut, or goes on after its end.
        """
        while not self._is_over:
            if piece := self._inflate():
                await asyncio.sleep(0)
                return {"type": "http.request", "body": piece, "more_body": True}
            if self._is_complete:
                return self._end()
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._compressed = message.get("body", b"")
            self._is_complete = not message.get("more_body", False)
        return await self._receive()

    def _inflate(self) -> bytes:
        try:
            piece = self._inflater.decompress(self._compressed, PIECE_BYTES)
        except zlib.error as error:
            raise InputError(
                f"the body is not {self._encoding}, although its Content-Encoding says so: {error}."
            ) from error
        self._compressed = self._inflater.unconsumed_tail
        if self._inflater.unused_data:
            raise InputError(f"the body goes on after the end of its {self._encoding}. Compress it in one piece.")
        return piece

    def _end(self) -> Message:
        if not self._inflater.eof:
            raise InputError(f"the body stops before the end of its {self._encoding}. Send all of it.")
        self._is_over = True
        return {"type": "http.request", "body": b"", "more_body": False}


def _refuse(encoding: str) -> JSONResponse:
    response = respond_to(
        MediaTypeError(f"expected Content-Encoding {' or '.join(WINDOWS)}, or none; received {encoding[:MAX_ECHO]}.")
    )
    response.headers["Accept-Encoding"] = ", ".join(WINDOWS)
    return response
