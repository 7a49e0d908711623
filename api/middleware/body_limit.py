"""Refusal of bodies over the limit, before or while they are read.

This is written by hand: the ASGI server has no limit on bodies, and a limit in a proxy does not hold for inflated ones.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLargeError
from api.messages.refusals import respond_to


class BodyLimit:
    """ASGI middleware: answers 413 to a body that is, or declares to be, longer than the limit."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap an application."""
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await respond_to(self._error(int(declared)))(scope, receive, send)
            return
        received = 0

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._error(received)
            return message

        await self._app(scope, count, send)

    def _error(self, received: int) -> TooLargeError:
        return TooLargeError(
            f"a request body may hold at most {self._max_bytes} bytes; received {received}. "
            "Send fewer rows, or .npy instead of JSON."
        )
