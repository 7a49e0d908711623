"""HEAD on every route that answers GET (RFC 9110, section 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

OF_GET = (b"range", b"if-range")  # mean nothing with other methods (RFC 9110, section 14.2)


class Head:
    """ASGI middleware: answers HEAD with the status and the headers of GET, and without its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, HEAD as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_no_body(message: Message) -> None:
            if message["type"] == "http.response.pathsend":
                message = {"type": "http.response.body"}
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        headers = [header for header in scope["headers"] if header[0] not in OF_GET]
        extensions = {**scope.get("extensions", {}), "http.response.pathsend": {}}  # so that no file is read
        inner = {**scope, "method": "GET", "headers": headers, "extensions": extensions}
        try:
            await self._app(inner, receive, send_no_body)
        finally:
            scope["route"] = inner.get("route")  # for the metrics and the request log
