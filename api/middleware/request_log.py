"""One count and log line for each request, and the id that all its lines and its answer share."""

import logging
import re
import secrets
import sys
from contextvars import ContextVar
from itertools import count
from time import perf_counter
from typing import Any
from urllib.parse import quote

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter as LibraryFormatter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.messages.request_record import find_headers, find_record
from api.middleware.metrics import Metrics, name_route
from api.settings import Form, Level

HEADER = b"x-request-id"
SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
MAX_PATH = 200  # characters of a path in a line

logger = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestLog:
    """ASGI middleware: adds the header X-Request-ID to each answer, counts each request, and logs it at level info.

    The id is the one that the client sent, if it is a safe token, or else a new one.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._prefix, self._numbers = secrets.token_hex(6), count(1)  # unique together, also among processes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; count and log it when it is answered, with status 500 if an error escapes."""
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
            seconds = perf_counter() - start
            self._metrics.count_request(scope, status, seconds)
            if logger.isEnabledFor(logging.INFO):
                _log(scope, status, sent, seconds)

    def _read_id(self, scope: Scope) -> str:
        if HEADER in find_headers(scope):
            for name, value in scope["headers"]:
                if name == HEADER and SAFE_ID.fullmatch(value):
                    return str(value, "ascii")
        return f"{self._prefix}-{next(self._numbers):x}"


class JsonFormatter(LibraryFormatter):
    """Writes a record as one line of JSON: time, level, logger, message, the request's id, and any other fields."""

    default_time_format, default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03d"

    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "exception"},
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],  # uvicorn adds it, for terminals
        )

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Put the fields of a record into a line."""
        super().add_fields(log_data, record, message_dict)
        log_data["level"] = record.levelname.lower()
        if own := request_id.get():
            log_data["request_id"] = own


class TextFormatter(logging.Formatter):
    """Writes the message of a record, after the id of its request."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        own = request_id.get()
        return f"{own} {super().format(record)}" if own else super().format(record)


def set_up_logging(form: Form, level: Level) -> None:
    """Send all records from this level on to stderr, as lines of text or of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper())


def _log(scope: Scope, status: int, sent: int, seconds: float) -> None:
    method, path, milliseconds = scope["method"], quote(scope["path"])[:MAX_PATH], round(seconds * 1e3, 3)
    record = find_record(scope)
    fields = {
        "method": method,
        "route": name_route(scope),
        "path": path,
        "status": status,
        "milliseconds": milliseconds,
        "rows": record.rows,
        "bytes": sent,
        "error_type": record.error_type or None,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    logger.info("%s %s %s in %s ms", method, path, status, milliseconds, extra=known)
