"""Routes: the datasets, and their files to download."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from api.errors import describe_errors
from api.messages.files import ANY_BYTES, MEDIA_TYPES, send
from api.releases.catalogue import Catalogue, OfferedRelease
from api.releases.exports import EXPORTED
from ld_data.export.croissant import CROISSANT_NAME, MEDIA_TYPE, describe_dataset
from ld_data.export.formats import PARQUET_FILES
from ld_data.release.manifest import FileRecord


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
        return send(catalogue.find_file(release, file), request)

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
