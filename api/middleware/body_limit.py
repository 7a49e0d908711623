"""Refusing bodies over the limit, before or while they are read."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import respond_to
from ld_data.errors import TooLargeError


class BodyLimit:
    """ASGI middleware: 413 for a body that is, or declares to be, longer than the limit."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap an application."""
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its bytes."""
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
