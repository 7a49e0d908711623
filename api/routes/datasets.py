"""Routes: the datasets, and their files to download."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel

from api.messages.files import ANY_BYTES, MEDIA_TYPES, send
from api.messages.refusals import describe_errors
from api.releases.catalogue import Catalogue, ServedRelease
from api.routes.state import CatalogueState
from ld_data.export.croissant import CROISSANT_NAME, MEDIA_TYPE, describe_dataset
from ld_data.export.formats import list_parquet
from ld_data.shards.root import ROOT_NAME

FILE_PATH = "/{release}/files/{file}"
CONTENT: dict[str, Any] = {media_type: {} for media_type in (*MEDIA_TYPES.values(), ANY_BYTES)}
FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": CONTENT},
    206: {"description": "The requested range of the file.", "content": CONTENT},
    304: {"description": "The file is the one that If-None-Match names, or not newer than If-Modified-Since."},
    **describe_errors(404, 412, 416, 503),
}

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])


class DatasetSummary(BaseModel):
    """The main facts about a release."""

    name: str
    version: str
    data_sha256: str
    source: str
    licence: str
    latent_dim: int
    classes: int
    input_shape: list[int]
    rows_train: int
    rows_test: int
    null: float
    floor: float
    challenge: bool


class ShardedDataset(BaseModel):
    """The main facts about a sharded release, and the address of the folder of its files."""

    name: str
    release: str
    rows: int
    shards: int
    rows_per_shard: int
    plan: str
    root_sha256: str
    counts: list[int]
    files: str


class DatasetList(BaseModel):
    """All releases, and the sharded ones."""

    datasets: list[DatasetSummary]
    sharded: list[ShardedDataset]


class FileSummary(BaseModel):
    """The size, sha256 and address of a file."""

    size: int
    sha256: str
    url: str


class Dataset(DatasetSummary):
    """A release with its manifest, its files, and the addresses of its exports by format."""

    manifest: dict[str, Any]
    files: dict[str, FileSummary]
    exports: dict[str, dict[str, str]]


@router.get("", summary="The releases")
async def list_datasets(request: Request, catalogue: CatalogueState) -> DatasetList:
    """Answer with the main facts about each release that is ready, and about each sharded one."""
    return DatasetList(
        datasets=[DatasetSummary(**_summarise(release)) for release in catalogue.ready],
        sharded=[_summarise_shards(name, request, catalogue) for name in catalogue.sharded],
    )


@router.get("/{release}", summary="One release: its manifest and its files", responses=describe_errors(404, 503))
async def show_dataset(release: str, request: Request, catalogue: CatalogueState) -> Dataset | ShardedDataset:
    """Answer with all facts about a release, and the addresses of its files."""
    if release in catalogue.sharded:
        return _summarise_shards(release, request, catalogue)
    found, folder = catalogue.find(release), _name_folder(release, request)
    files = {
        name: FileSummary(size=served.record.size, sha256=served.record.sha256, url=folder + name)
        for name, served in found.files.items()
    }
    exports = {form: {name: folder + name for name in names} for form, names in found.exports.names.items()}
    return Dataset(**_summarise(found), manifest=found.manifest.to_values(), files=files, exports=exports)


@router.get(
    "/{release}/" + CROISSANT_NAME,
    summary="The description of a release in Croissant 1.1",
    response_class=Response,
    responses={200: {"description": "The description.", "content": {MEDIA_TYPE: {}}}, **describe_errors(404, 503)},
)
def describe_release(release: str, request: Request, catalogue: CatalogueState) -> Response:
    """Answer with JSON-LD that lets tools find, check and read the Parquet files of the release at their addresses."""
    found = catalogue.find(release)
    manifest, names = found.manifest, list_parquet(found.data.shifts)
    records = {name: catalogue.find_file(release, name).record for name in names}
    page = str(request.base_url)
    text = describe_dataset(manifest, records, f"{page}v1/datasets/{release}/files/", page)
    return Response(text, media_type=MEDIA_TYPE)


@router.get(FILE_PATH, summary="Download a file", response_class=FileResponse, responses=FILE_RESPONSES)
def send_file(release: str, file: str, request: Request, catalogue: CatalogueState) -> Response:
    """Send a file with its sha256 as a strong ETag; answers Range with 206 or 416 and conditions with 304 and 412."""
    return send(catalogue.find_file(release, file), request)


def _name_folder(release: str, request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/v1/datasets/{release}/files/"


def _summarise_shards(name: str, request: Request, catalogue: Catalogue) -> ShardedDataset:
    served = catalogue.sharded[name]
    return ShardedDataset(
        name=name,
        release=served.plan.release,
        rows=served.plan.rows,
        shards=served.plan.shards,
        rows_per_shard=served.plan.rows_per_shard,
        plan=served.plan.id,
        root_sha256=served.files[ROOT_NAME].record.sha256,
        counts=list(served.root.counts),
        files=_name_folder(name, request),
    )


def _summarise(release: ServedRelease) -> dict[str, Any]:
    manifest = release.manifest
    return {
        "name": manifest.name,
        "version": manifest.release_version,
        "data_sha256": release.data.test_sha256,
        "source": manifest.source["name"],
        "licence": manifest.licence,
        "latent_dim": manifest.latent_dim,
        "classes": manifest.classes,
        "input_shape": list(release.codec.x.input_shape),
        "rows_train": len(release.data.train),
        "rows_test": len(release.data.test),
        "null": manifest.null,
        "floor": manifest.floor,
        "challenge": release.has_challenge,
    }
