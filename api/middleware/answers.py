"""Answers on their way out: large ones go in pieces, and count until the client has taken them."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import OverloadedError
from api.messages.refusals import respond_to
from api.messages.replies import cut
from api.work.admission import Admission

LARGE_BYTES = 2**18


class Answers:
    """ASGI middleware: an answer that is large and whole takes the place of a stream, and its bytes count as held.

    Without a place for it, the answer is 429. Answers in parts count where they are made.
    """

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app, self._admission = app, admission

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        start: Message | None = None

        async def send_on(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            head, start = start, None
            if head is None or message.get("more_body") or len(message.get("body", b"")) <= LARGE_BYTES:
                if head is not None:
                    await send(head)
                await send(message)
                return
            try:
                await self._send_large(scope, head, message["body"], send)
            except OverloadedError as error:
                await respond_to(error)(scope, receive, send)

        return self._app(scope, receive, send_on)

    async def _send_large(self, scope: Scope, head: Message, body: bytes, send: Send) -> None:
        with self._admission.hold_stream(scope), self._admission.bytes.hold(len(body)):
            await send(head)
            for piece in cut(body):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
