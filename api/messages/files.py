"""Files as answers: entity tags, dates and ranges."""

from datetime import datetime

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send
from werkzeug.http import parse_date, parse_etags, unquote_etag

from api.errors import NotReadyError
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
ANY_BYTES = "application/octet-stream"


class ArchiveResponse(FileResponse):
    """A file response whose refusals of a range have the one shape of errors; an idle client costs it a chunk."""

    chunk_size = 1 << 18

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, a range of it, or 400 or 416."""
        refused = False

        async def send_in_shape(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                refused, size = True, self.headers["content-length"]
                reason = f"the Range header cannot be served: the file has {size} bytes."
                headers = {"Content-Range": f"bytes */{size}"}
                await ErrorResponse(message["status"], reason, "range_not_satisfiable", headers)(scope, receive, send)
            elif not refused:
                await send(message)

        await super().__call__(scope, receive, send_in_shape)


def send(served: ServedFile, request: Request) -> Response:
    """Return the answer to a request for a file: the file, a range of it, 304 or 412.

    Raises:
        NotReadyError: the file has changed on disk since it was verified.
    """
    if not served.is_unchanged():
        raise NotReadyError(
            f"{served.path.name} has changed on disk since it was verified. Restart the service to serve the new file."
        )
    headers = {"ETag": f'"{served.record.sha256}"', "Cache-Control": "no-cache"}
    if _is_another_wanted(served, request):
        reason = f"{served.path.name} is not the one that If-Match or If-Unmodified-Since names. Download it anew."
        return ErrorResponse(412, reason, "precondition_failed", headers)
    if _is_known(served, request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    media_type = MEDIA_TYPES.get(served.path.suffix, ANY_BYTES)
    return ArchiveResponse(served.path, headers=headers, media_type=media_type, filename=served.path.name)


def matches_etag(if_none_match: str, etag: str) -> bool:
    """Return whether a header If-None-Match names the ETag; the comparison is weak (RFC 9110, section 13.1.2)."""
    return parse_etags(if_none_match).contains_weak(unquote_etag(etag)[0])


def _is_another_wanted(served: ServedFile, request: Request) -> bool:
    """Return whether a precondition fails (RFC 9110, section 13.2.2); a date counts only without an ETag.

    The comparison of ETags is strong.
    """
    if (if_match := request.headers.get("if-match")) is not None:
        return not parse_etags(if_match).contains(served.record.sha256)
    since = _read_date(request, "if-unmodified-since")
    return since is not None and served.modified > since


def _is_known(served: ServedFile, request: Request, etag: str) -> bool:
    """Return whether the client has the file already; a date counts only without an ETag."""
    if (if_none_match := request.headers.get("if-none-match")) is not None:
        return matches_etag(if_none_match, etag)
    since = _read_date(request, "if-modified-since")
    return since is not None and served.modified <= since


def _read_date(request: Request, name: str) -> datetime | None:
    """Return the date in a header; None without a header, or for a text that is no date, which HTTP ignores."""
    try:
        return parse_date(request.headers.get(name))
    except OverflowError:  # of a time zone with too many digits
        return None
