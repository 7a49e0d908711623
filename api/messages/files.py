"""Files as answers: entity tags, dates and ranges."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from api.errors import make_error_response
from api.releases.served_file import OfferedFile
from ld_data.errors import NotReadyError

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npy": "application/x-npy",
    ".npz": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
}
ANY_BYTES = "application/octet-stream"
CHUNK_BYTES = 1 << 20


class ArchiveResponse(FileResponse):
    """A file response in chunks that suit large files, whose refusals of a range have the one shape of errors."""

    chunk_size = CHUNK_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, a range of it, or 400 or 416."""
        refused = False

        async def send_in_shape(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                refused = True
                refusal = make_error_response(
                    message["status"],
                    f"the Range header cannot be served: the file has {self.headers['content-length']} bytes.",
                    "range_not_satisfiable",
                )
                refusal.headers["Content-Range"] = f"bytes */{self.headers['content-length']}"
                await refusal(scope, receive, send)
            elif not refused:
                await send(message)

        await super().__call__(scope, receive, send_in_shape)


def send(offered: OfferedFile, request: Request) -> Response:
    """Return a file as an answer: whole, a range of it, or 304; raise `NotReadyError` if it changed on disk."""
    if not offered.is_unchanged():
        raise NotReadyError(
            f"{offered.path.name} has changed on disk since it was verified. Restart the service to serve the new file."
        )
    headers = {"ETag": f'"{offered.record.sha256}"', "Cache-Control": "no-cache"}
    if _is_another_wanted(offered, request, headers["ETag"]):
        reason = f"{offered.path.name} is not the one that If-Match or If-Unmodified-Since names. Download it anew."
        return make_error_response(412, reason, "precondition_failed", headers)
    if _is_known(offered, request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    media_type = MEDIA_TYPES.get(offered.path.suffix, ANY_BYTES)
    return ArchiveResponse(offered.path, headers=headers, media_type=media_type, filename=offered.path.name)


def _is_another_wanted(offered: OfferedFile, request: Request, etag: str) -> bool:
    """Return whether a precondition fails (RFC 9110, section 13.2.2); a date counts only where no ETag is named."""
    if (if_match := request.headers.get("if-match")) is not None:
        tags = [tag.strip() for tag in if_match.split(",")]
        return "*" not in tags and etag not in tags  # a weak one never matches here
    since = _read_date(request.headers.get("if-unmodified-since", ""))
    return since is not None and offered.modified > since


def _is_known(offered: OfferedFile, request: Request, etag: str) -> bool:
    """Return whether the client has the file already; a date counts only where no ETag is named."""
    if (if_none_match := request.headers.get("if-none-match")) is not None:
        return matches_etag(if_none_match, etag)
    since = _read_date(request.headers.get("if-modified-since", ""))
    return since is not None and offered.modified <= since


def _read_date(text: str) -> datetime | None:
    """Return the date of a header; None for none, or for what is no date, which is to be ignored."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def matches_etag(if_none_match: str, etag: str) -> bool:
    """Return whether an If-None-Match header names the ETag; the comparison is weak (RFC 9110, section 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
