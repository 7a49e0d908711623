"""Bodies on their way in: compressed ones are inflated as they are read, and those over the limit are refused.

This is written by hand: the ASGI server has no limit on bodies, a limit in a proxy does not hold for inflated ones,
Starlette has no middleware for compressed requests, and other libraries inflate a body whole.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MediaTypeError, TooLargeError
from api.messages.payload import MAX_ECHO, read_header
from api.messages.refusals import respond_to
from api.messages.request_record import find_headers
from ld_data.errors import InputError

WINDOWS = {"gzip": zlib.MAX_WBITS + 16, "deflate": zlib.MAX_WBITS}  # zlib's codes of the two formats
MAX_RATIO = 200  # of inflated to compressed bytes, beyond `FREE_BYTES`
FREE_BYTES = 2**20  # inflated
PIECE_BYTES = 2**16  # bytes that are inflated before other requests have their turn
OF_COMPRESSED = (b"content-encoding", b"content-length")  # headers that do not hold for the inflated body


class Bodies:
    """ASGI middleware: inflates bodies with Content-Encoding gzip or deflate, and answers 415 to any other.

    It answers 413 to a body that is, or declares to be, longer than the limit. Inflated bytes count, and nothing beyond
    the limit is inflated.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on with its body inflated and counted, or refuse it."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        headers, encoding = find_headers(scope), ""
        if b"content-encoding" in headers and scope["method"] == "POST":
            encoding = read_header(scope, b"content-encoding").lower()
        if encoding in WINDOWS:
            scope["headers"] = [header for header in scope["headers"] if header[0] not in OF_COMPRESSED]
            return self._app(scope, self._count(partial(anext, inflate(receive, encoding))), send)
        if encoding not in ("", "identity"):
            known = " or ".join(WINDOWS)
            refusal = MediaTypeError(f"expected Content-Encoding {known}, or none; received {encoding[:MAX_ECHO]}.")
            response = respond_to(refusal)
            response.headers["Accept-Encoding"] = ", ".join(WINDOWS)
            return response(scope, receive, send)
        declared = headers.get(b"content-length", b"")
        if not declared.isdigit():
            return self._app(scope, self._count(receive), send)
        if int(declared) > self._max_bytes:
            return respond_to(self._error(int(declared)))(scope, receive, send)
        return self._app(scope, receive, send)  # the server cuts a body at its declared length

    def _count(self, receive: Receive) -> Receive:
        received = 0

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._error(received)
            return message

        return count

    def _error(self, received: int) -> TooLargeError:
        return TooLargeError(
            f"a request body may hold at most {self._max_bytes} bytes; received {received}. "
            "Send fewer rows, or .npy instead of JSON."
        )


async def inflate(receive: Receive, encoding: str) -> AsyncIterator[Message]:
    """Yield the messages of a compressed body inflated, one piece at a time, and all later messages.

    Raises:
        InputError: the body does not have its encoding, is cut, or goes on after its end.
        TooLargeError: the body is inflated to more than `MAX_RATIO` times its bytes.
    """
    inflater, is_complete = zlib.decompressobj(WINDOWS[encoding]), False
    received = inflated = 0
    while not is_complete:
        message = await receive()
        if message["type"] != "http.request":
            yield message
            continue
        compressed, is_complete = message.get("body", b""), not message.get("more_body", False)
        received += len(compressed)
        while piece := _inflate(inflater, compressed, encoding):
            compressed = inflater.unconsumed_tail
            inflated += len(piece)
            if inflated > FREE_BYTES and inflated > MAX_RATIO * received:
                raise TooLargeError(
                    f"a body may be inflated to at most {MAX_RATIO} times its bytes; {received} bytes became "
                    f"{inflated}. Send it without Content-Encoding."
                )
            await asyncio.sleep(0)
            yield {"type": "http.request", "body": piece, "more_body": True}
    if not inflater.eof:
        raise InputError(f"the body stops before the end of its {encoding}. Send all of it.")
    yield {"type": "http.request", "body": b"", "more_body": False}
    while True:
        yield await receive()


def _inflate(inflater: "zlib._Decompress", compressed: bytes, encoding: str) -> bytes:
    try:
        piece = inflater.decompress(compressed, PIECE_BYTES)
    except zlib.error as error:
        raise InputError(f"the body is not {encoding}, although its Content-Encoding says so: {error}.") from error
    if inflater.unused_data:
        raise InputError(f"the body goes on after the end of its {encoding}. Compress it in one piece.")
    return piece
