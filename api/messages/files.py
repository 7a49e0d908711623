"""Files and other answers with a validator: preconditions and ranges, as RFC 9110 has them."""

import hashlib
import re
from datetime import datetime
from typing import Literal

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.types import Scope
from werkzeug.http import parse_date, parse_etags, unquote_etag

from api.errors import NotReadyError
from api.messages.payload import read_header
from api.messages.refusals import ErrorResponse
from api.releases.served_files import ServedFile

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npy": "application/x-npy",
    ".npz": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
}
NO_CACHE = {"Cache-Control": "no-cache"}  # a client asks with the ETag whether its copy is the last one
ANY_BYTES = "application/octet-stream"
MAX_RANGES = 100  # in one request; the header is ignored beyond it
RANGE = re.compile(r"(\d+)-(\d+)?|-(\d+)", re.ASCII)


class ArchiveResponse(FileResponse):
    """A file response that costs an idle client one chunk."""

    chunk_size = 1 << 18


def send(served: ServedFile, request: Request) -> Response:
    """Return the answer to a request for a file: the file, a range of it, 304, 412 or 416.

    Raises:
        NotReadyError: the file has changed on disk since it was verified.
    """
    if not served.is_unchanged():
        raise NotReadyError(
            f"{served.path.name} has changed on disk since it was verified. Restart the service to serve the new file."
        )
    headers = {"ETag": f'"{served.record.sha256}"', **NO_CACHE}
    if refusal := respond_to_conditions(request.scope, headers, served.modified, served.path.name):
        return refusal
    ranges = choose_ranges(request.scope, headers["ETag"], served.modified, served.record.size)
    if ranges is not None and not ranges:
        reason = f"the range lies outside the file, which has {served.record.size} bytes."
        return ErrorResponse(
            416, reason, "range_not_satisfiable", {**headers, "Content-Range": f"bytes */{served.record.size}"}
        )
    set_ranges(request.scope, ranges)
    media_type = MEDIA_TYPES.get(served.path.suffix, ANY_BYTES)
    return ArchiveResponse(served.path, headers=headers, media_type=media_type, filename=served.path.name)


def respond_to_conditions(
    scope: Scope, headers: dict[str, str], modified: datetime | None, name: str
) -> Response | None:
    """Return the answer 304 or 412 that the conditions of a GET demand, or None.

    `headers` go into that answer; one is the strong ETag of what the client asks for.
    """
    status = judge_conditions(scope, headers["ETag"], modified)
    if status == 412:
        reason = f"{name} is not the one that If-Match or If-Unmodified-Since names. Download it anew."
        return ErrorResponse(412, reason, "precondition_failed", headers)
    return Response(status_code=304, headers=headers) if status == 304 else None


def send_content(
    request: Request, content: bytes, media_type: str, name: str, headers: dict[str, str] = NO_CACHE, sha256: str = ""
) -> Response:
    """Return the answer to a request for some content, with its hash as a strong ETag: the content, 304 or 412."""
    headers = {"ETag": f'"{sha256 or hashlib.sha256(content).hexdigest()}"', **headers}
    answer = respond_to_conditions(request.scope, headers, None, name)
    return answer or Response(content, headers=headers, media_type=media_type)


def judge_conditions(scope: Scope, etag: str, modified: datetime | None) -> Literal[200, 304, 412]:
    """Return the status that the conditions of a GET demand (RFC 9110, section 13.2.2).

    `etag` is strong, and `modified` the time of the last change in whole seconds, if it is known. A date counts only
    without a condition on ETags; one that is no date is ignored.
    """
    tag, _ = unquote_etag(etag)
    if if_match := read_header(scope, b"if-match"):
        if not parse_etags(if_match).contains(tag):  # a strong comparison
            return 412
    elif modified and (since := _read_date(scope, b"if-unmodified-since")) and modified > since:
        return 412
    if if_none_match := read_header(scope, b"if-none-match"):
        return 304 if parse_etags(if_none_match).contains_weak(tag) else 200
    since = _read_date(scope, b"if-modified-since")
    return 304 if modified and since and modified <= since else 200


def choose_ranges(scope: Scope, etag: str, modified: datetime, size: int) -> list[tuple[int, int]] | None:
    """Return the ranges of the bytes to send, each as its first byte and the one after its last (RFC 9110, section 14).

    Ranges outside the file are left out. None stands for the whole file: if no range is asked for, the header is in
    another unit or cannot be read, or If-Range names another file.
    """
    unit, _, text = read_header(scope, b"range").partition("=")
    items = [item for part in text.split(",") if (item := part.strip(" \t"))]
    if unit.lower() != "bytes" or not 0 < len(items) <= MAX_RANGES:
        return None
    found = [RANGE.fullmatch(item) for item in items]
    if not all(found) or not _is_same(read_header(scope, b"if-range"), etag, modified):
        return None
    ranges = [_place(match, size) for match in found if match]
    return None if None in ranges else [(first, end) for first, end in filter(None, ranges) if first < end]


def set_ranges(scope: Scope, ranges: list[tuple[int, int]] | None) -> None:
    """Let the framework send these ranges, or the whole file for None."""
    scope["headers"] = [header for header in scope["headers"] if header[0] not in (b"range", b"if-range")]
    if ranges:
        text = ",".join(f"{first}-{end - 1}" for first, end in ranges)
        scope["headers"].append((b"range", f"bytes={text}".encode()))


def _place(match: re.Match[str], size: int) -> tuple[int, int] | None:
    """Return the first byte of a range and the one after its last, within the file's size; None if it ends before."""
    first, last, suffix = (int(text.lstrip("0")[:19] or 0) if text else -1 for text in match.groups())
    if suffix >= 0:
        return max(size - suffix, 0), size
    if last < 0:
        return first, size
    return None if last < first else (first, min(last + 1, size))


def _is_same(if_range: str, etag: str, modified: datetime) -> bool:
    """Return whether If-Range names the file, by its ETag or by the exact time of its last change; also without it."""
    return not if_range or if_range == etag or _parse_date(if_range) == modified


def _read_date(scope: Scope, name: bytes) -> datetime | None:
    """Return the date in a header; HTTP ignores several."""
    values = [value for key, value in scope["headers"] if key == name]
    return _parse_date(values[0].decode("latin-1")) if len(values) == 1 else None


def _parse_date(text: str) -> datetime | None:
    """Return a date; None for a text that is no date, which HTTP ignores."""
    try:
        return parse_date(text)
    except OverflowError:  # of a time zone with too many digits
        return None
