"""Routes: the datasets, and their files to download."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from api.catalogue import Catalogue, OfferedRelease
from api.errors import describe_errors, make_error_response
from api.exports import EXPORTED
from api.offers import OfferedFile
from ld_data.croissant import CROISSANT_NAME, MEDIA_TYPE, describe_dataset
from ld_data.errors import NotReadyError
from ld_data.export import PARQUET_FILES
from ld_data.manifest import FileRecord

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


def make_router(catalogue: Catalogue) -> APIRouter:
    """Return the routes under `/v1/datasets`."""
    router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

    @router.get("", summary="The releases")
    async def list_datasets() -> dict[str, list[dict[str, Any]]]:
        return {"datasets": [_summarise(release) for release in catalogue.ready]}

    @router.get("/{release}", summary="One release: its manifest and its files", responses=describe_errors(404, 503))
    async def show_dataset(release: str) -> dict[str, Any]:
        found = catalogue.find(release)
        files = {name: _describe_file(release, name, offered.record) for name, offered in found.files.items()}
        exports = {form: {name: _name_address(release, name) for name in names} for form, names in EXPORTED.items()}
        return {**_summarise(found), "manifest": found.manifest.to_values(), "files": files, "exports": exports}

    @router.get(
        "/{release}/" + CROISSANT_NAME,
        summary="What a release is, in Croissant 1.1",
        response_class=Response,
        responses={200: {"description": "The description.", "content": {MEDIA_TYPE: {}}}, **describe_errors(404, 503)},
    )
    def describe_release(release: str, request: Request) -> Response:
        """Answer JSON-LD by which tools find, check and read the release's Parquet files, which it names by address."""
        manifest = catalogue.find(release).manifest
        records = {name: catalogue.find_file(release, name).record for name in PARQUET_FILES}
        page = str(request.base_url)
        text = describe_dataset(manifest, records, f"{page}v1/datasets/{release}/files/", page)
        return Response(text, media_type=MEDIA_TYPE)

    def send_file(release: str, file: str, request: Request) -> Response:
        """Send a file with its sha256 as a strong ETag; answers Range with 206 and preconditions with 304 and 412."""
        return _send(catalogue.find_file(release, file), request)

    path = "/{release}/files/{file}"
    content: dict[str, Any] = {media_type: {} for media_type in (*MEDIA_TYPES.values(), ANY_BYTES)}
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "The file.", "content": content},
        206: {"description": "The requested range of the file.", "content": content},
        304: {"description": "The file is the one that If-None-Match names, or older than If-Modified-Since."},
        **describe_errors(400, 404, 412, 416, 503),
    }
    router.get(path, summary="Download a file", response_class=FileResponse, responses=responses)(send_file)
    router.head(path, summary="A file's size and ETag", response_class=FileResponse, responses=responses)(send_file)
    return router


def _summarise(release: OfferedRelease) -> dict[str, Any]:
    manifest = release.manifest
    return {
        "name": manifest.name,
        "version": manifest.release_version,
        "data_sha256": release.data.test_sha256,
        "source": manifest.source["name"],
        "licence": manifest.licence,
        "latent_dim": manifest.latent_dim,
        "classes": manifest.classes,
        "input_shape": release.codec.x.input_shape,
        "rows_train": len(release.data.train),
        "rows_test": len(release.data.test),
        "null": manifest.null,
        "floor": manifest.floor,
        "challenge": release.has_challenge,
    }


def _describe_file(release: str, name: str, record: FileRecord) -> dict[str, Any]:
    return {"size": record.size, "sha256": record.sha256, "url": _name_address(release, name)}


def _name_address(release: str, name: str) -> str:
    return f"/v1/datasets/{release}/files/{name}"


def _send(offered: OfferedFile, request: Request) -> Response:
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
