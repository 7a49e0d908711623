"""The address that a client sees: behind proxies, and below a path that they take off."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.messages.payload import read_header
from api.messages.refusals import ErrorResponse
from api.messages.request_record import find_headers
from api.settings import PATH, Access

PREFIX_HEADER = b"x-forwarded-prefix"


class Addresses:
    """ASGI middleware: puts the path of the service in front of that of a request, unless it is there already.

    The path is that of the settings, or else the one that a trusted proxy names in X-Forwarded-Prefix. All addresses in
    answers begin with it, and with the header Host: HTTP/1.1 without it, or with several, is 400 (RFC 9112, section
    3.2).
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._root_path = app, access.root_path
        self._believes = bool(access.forwarded_allow_ips)
        self._proxies = ProxyHeadersMiddleware(self._place, access.forwarded_allow_ips)  # type: ignore[arg-type]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on with its full path."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        if not self._believes:
            return self._place(scope, receive, send)
        peer = scope.get("client")
        if peer and peer[0] in self._proxies.trusted_hosts:
            named = read_header(scope, PREFIX_HEADER).rstrip("/")
            scope["root_path"] = named if PATH.fullmatch(named) else ""
        return self._proxies(scope, receive, send)  # type: ignore[arg-type]

    def _place(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        headers = find_headers(scope)
        if b"host" not in headers or len(headers) < len(scope["headers"]):  # the latter if one is repeated
            hosts = sum(name == b"host" for name, _ in scope["headers"])
            if hosts > 1 or (hosts == 0 and scope["http_version"] == "1.1"):
                reason = f"a request must have one header Host; this one has {hosts}. Send the name of the service."
                return ErrorResponse(400, reason, "bad_request")(scope, receive, send)
        if root_path := self._root_path or scope.get("root_path", ""):
            scope["root_path"] = root_path
            if not f"{scope['path']}/".startswith(f"{root_path}/"):
                scope["path"] = root_path + scope["path"]
                scope["raw_path"] = root_path.encode() + scope.get("raw_path", b"")
        return self._app(scope, receive, send)
