"""One line of the log for each request, and the id by which all lines about it, and its answer, can be found."""

import json
import logging
import re
import secrets
import sys
from contextvars import ContextVar
from itertools import count
from time import perf_counter
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.metrics import name_route
from api.settings import Form, Level

HEADER = b"x-request-id"
SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
MAX_PATH = 200  # characters of it in a line
FIELDS = ("method", "route", "path", "status", "milliseconds", "rows", "bytes", "error_type")

logger = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestLog:
    """ASGI middleware: each answer tells its request's id in X-Request-ID, and each request is a line at level info.

    The id is the one that the client sent, if it is a sane token, or else a new one.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app
        self._prefix, self._numbers = secrets.token_hex(6), count(1)  # together unlike those of any other process

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log it when it is answered; an error that escapes is answered with 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = self._read_id(scope)
        request_id.set(own)
        status, sent, start = 500, 0, perf_counter()

        def send_on(message: Message) -> object:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, own.encode())]
            else:
                sent += len(message.get("body", b""))
            return send(message)

        try:
            await self._app(scope, receive, send_on)  # type: ignore[arg-type]
        finally:
            if logger.isEnabledFor(logging.INFO):
                _log(scope, status, sent, perf_counter() - start)

    def _read_id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == HEADER and SANE_ID.fullmatch(value):
                return str(value, "ascii")
        return f"{self._prefix}-{next(self._numbers):x}"


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, logger, message, the request's id, and what else the record has."""
        values: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if own := request_id.get():
            values["request_id"] = own
        values |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            values["exception"] = self.formatException(record.exc_info)
        return json.dumps(values)


class TextFormatter(logging.Formatter):
    """Writes a record's message, and before it the id of the request that it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        own = request_id.get()
        return f"{own} {super().format(record)}" if own else super().format(record)


def set_up_logging(form: Form, level: Level) -> None:
    """Let all that is logged from this level on go to stderr, as lines of text or of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper())


def _log(scope: Scope, status: int, sent: int, seconds: float) -> None:
    method, path, milliseconds = scope["method"], quote(scope["path"])[:MAX_PATH], round(seconds * 1e3, 3)
    values = (method, name_route(scope), path, status, milliseconds, scope.get("rows"), sent, scope.get("error_type"))
    fields = {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}
    logger.info("%s %s %s in %s ms", method, path, status, milliseconds, extra=fields)
