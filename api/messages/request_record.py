"""The facts of one request: those that the metrics and the request log report, and its headers by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import Scope

ARRIVED = "ld_data.arrived"  # in the scope of a request whose body is complete before it is answered


@dataclass(slots=True)
class RequestRecord:
    """Filled in while a request is answered."""

    template: str = ""  # the path of the route with its parameters unfilled, where the framework does not choose it
    rows: int | None = None  # of the array in the request, if there is one
    error_type: str = ""  # the slug of the error that was answered
    source: Sequence[tuple[bytes, bytes]] = ()  # the headers in the scope, and
    headers: dict[bytes, bytes] | None = None  # the same by name


def find_record(scope: Scope) -> RequestRecord:
    """Return the record of a request; the first call puts one into the scope."""
    record: RequestRecord | None = scope.get("ld_data.record")
    if record is None:
        record = scope["ld_data.record"] = RequestRecord()
    return record


def find_headers(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request by name in lower case, their values joined if there are several.

    They are read once, and anew if a middleware has replaced those in the scope.
    """
    record, source = find_record(scope), scope["headers"]
    if record.headers is None or record.source is not source:
        headers: dict[bytes, bytes] = {}
        for name, value in source:
            headers[name] = b"%b, %b" % (headers[name], value) if name in headers else value
        record.source, record.headers = source, headers
    return record.headers
