"""Routes: the Open Inference Protocol v2, for clients such as Triton's.

Each encoder and decoder of a release is a model, such as `ld-mnist-32.x.decoder`; its version is the release's.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel

import ld_data
from api.errors import NotReadyError
from api.messages.envelopes import IndexRequest
from api.messages.inference import (
    BINARY,
    HEADER_LENGTH,
    Model,
    TensorConfig,
    TensorMetadata,
    configure_tensor,
    describe_tensor,
    read_question,
)
from api.messages.payload import BINARY_CONTENT, JSON, check_content_type, parse_object, read_header, write_json
from api.messages.refusals import describe_errors
from api.messages.replies import Question
from api.releases.catalogue import Catalogue
from api.routes.state import CatalogueState, CodecServiceState
from api.work.statistics import ModelStatistics
from ld_data.errors import UnknownNameError

OPERATIONS = {f"{space}.{way}r": f"{space}/{way}" for space in "xy" for way in ("encode", "decode")}
REQUEST_SCHEMA = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string"},
        "parameters": {"type": "object", "description": "binary_data_output; of encoders also mode, seed, first_row"},
        "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "object"}},
        "outputs": {"type": "array", "items": {"type": "object"}},
    },
}
INDEX_SCHEMA = {"type": "object", "properties": {"ready": {"type": ["boolean", "null"]}}, "additionalProperties": False}
ANSWER_SCHEMA = {"type": "object", "required": ["model_name", "model_version", "outputs"]}
INFER_RESPONSES = {
    200: {
        "description": "Outputs as JSON, or as bytes after the JSON if the request asks for bytes.",
        "content": {JSON: {"schema": ANSWER_SCHEMA}, BINARY: BINARY_CONTENT},
    },
    **describe_errors(404, 408, 413, 415, 422, 429, 503),
}
INFER_REQUEST = {
    "requestBody": {"required": True, "content": {JSON: {"schema": REQUEST_SCHEMA}, BINARY: BINARY_CONTENT}}
}

HEADER_FIELD = HEADER_LENGTH.lower().encode()  # as the server names headers
router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])


class ServerMetadata(BaseModel):
    """The name, version and protocol extensions of the service."""

    name: str = "LD-Data"
    version: str = ld_data.__version__
    extensions: tuple[str, ...] = ("binary_tensor_data", "parameters", "model_configuration", "statistics")


class ModelMetadata(BaseModel):
    """A model with its inputs and outputs."""

    name: str
    versions: list[str]
    platform: str = "ld-data"
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ModelConfig(BaseModel):
    """The configuration of a model in the form of Triton; a model takes any number of rows, its first dimension."""

    name: str
    platform: str = "ld-data"
    backend: str = "ld-data"
    max_batch_size: int = 0  # batches have no dimension of their own
    input: list[TensorConfig]
    output: list[TensorConfig]


class StatisticsList(BaseModel):
    """The statistics of models."""

    model_stats: list[ModelStatistics]


class ModelReady(BaseModel):
    """A model that is ready."""

    name: str
    ready: bool = True


def find_model(catalogue: Catalogue, name: str) -> Model:
    """Return a model.

    Raises:
        NotReadyError: the release of the model failed its check.
        UnknownNameError: there is no model of this name.
    """
    release, *end = name.rsplit(".", 2)
    path = OPERATIONS.get(".".join(end))
    if path is None:
        raise UnknownNameError(
            f"no model {name!r}. A model has the name of its release, followed by .{', .'.join(OPERATIONS)}."
        )
    found = catalogue.find(release)
    return Model(name, found.manifest.release_version, found.operations[path])


def list_models(catalogue: Catalogue) -> list[Model]:
    """Return all models that are ready."""
    return [
        find_model(catalogue, f"{release.manifest.name}.{end}") for release in catalogue.ready for end in OPERATIONS
    ]


async def _find_model(
    name: Annotated[str, Path(alias="model", description="Such as ld-mnist-32.x.decoder.")], catalogue: CatalogueState
) -> Model:
    return find_model(catalogue, name)


FoundModel = Annotated[Model, Depends(_find_model)]


async def _check_version(
    model: FoundModel, version: Annotated[str, Path(description="The version of its release.")]
) -> None:
    if version != model.version:
        raise UnknownNameError(f"no version {version!r} of {model.name}. Known: {model.version}.")


@router.get("", summary="The name, version and extensions of the service")
async def describe_server() -> ServerMetadata:
    """Answer with the metadata of the server."""
    return ServerMetadata()


@router.get("/health/live", summary="Whether the service runs")
async def show_live() -> dict[str, bool]:
    """Answer that the service runs."""
    return {"live": True}


@router.get("/health/ready", summary="Whether every model is ready", responses=describe_errors(503))
def show_ready(catalogue: CatalogueState) -> dict[str, bool]:
    """Answer that every model is ready, or 503 with the reasons."""
    if not_ready := catalogue.explain_not_ready():
        raise NotReadyError("; ".join(f"{name} is not ready: {reason}" for name, reason in not_ready.items()))
    return {"ready": True}


@router.post(
    "/repository/index",
    summary="The models",
    responses=describe_errors(408, 413, 415, 422, 429),
    openapi_extra={"requestBody": {"content": {JSON: {"schema": INDEX_SCHEMA}}}},
)
async def show_models(request: Request, service: CodecServiceState) -> Response:
    """Answer with the models; those that are not ready are left out if the body is {"ready": true}."""
    return await service.worker.run(request, lambda body: _describe_models(service.catalogue, body))


@router.get("/models/stats", summary="The requests to all models")
async def show_all_statistics(service: CodecServiceState) -> StatisticsList:
    """Answer with the statistics of all models of this worker."""
    models = list_models(service.catalogue)
    return StatisticsList(model_stats=[service.statistics.of(model.name, model.version) for model in models])


async def describe_model(model: FoundModel) -> ModelMetadata:
    """Answer with the metadata of a model."""
    return ModelMetadata(
        name=model.name,
        versions=[model.version],
        inputs=[describe_tensor(model.operation.takes)],
        outputs=[describe_tensor(tensor) for tensor in model.operation.outputs],
    )


async def configure_model(model: FoundModel) -> ModelConfig:
    """Answer with the configuration of a model."""
    outputs = [configure_tensor(tensor) for tensor in model.operation.outputs]
    return ModelConfig(name=model.name, input=[configure_tensor(model.operation.takes)], output=outputs)


async def show_statistics(model: FoundModel, service: CodecServiceState) -> StatisticsList:
    """Answer with the statistics of a model of this worker."""
    return StatisticsList(model_stats=[service.statistics.of(model.name, model.version)])


async def show_model_ready(model: FoundModel) -> ModelReady:
    """Answer that a model is ready, or 503 with the reason."""
    return ModelReady(name=model.name)


async def infer_model(request: Request, service: CodecServiceState, model: FoundModel) -> Response:
    """Answer with the outputs of a model for one input."""
    header_length = read_header(request.scope, HEADER_FIELD) or None

    def read(body: bytes) -> Question:
        return read_question(model, header_length, body)

    with service.statistics.count(model.name, model.version, request.scope):
        check_content_type(request, JSON, BINARY)
        return await service.ask(request, model.operation, read)


for path, checks in (("/models/{model}", []), ("/models/{model}/versions/{version}", [Depends(_check_version)])):
    add = partial(router.add_api_route, dependencies=checks)
    add(path, describe_model, summary="The inputs and outputs of a model", responses=describe_errors(404, 503))
    add(f"{path}/config", configure_model, summary="The configuration of a model", responses=describe_errors(404, 503))
    add(f"{path}/stats", show_statistics, summary="The requests to a model", responses=describe_errors(404, 503))
    add(f"{path}/ready", show_model_ready, summary="Whether a model is ready", responses=describe_errors(404, 503))
    add(
        f"{path}/infer",
        infer_model,
        methods=["POST"],
        summary="Run a model",
        responses=INFER_RESPONSES,
        openapi_extra=INFER_REQUEST,
    )


def _describe_models(catalogue: Catalogue, body: bytes) -> Response:
    request = IndexRequest.read(parse_object(body) if body else {})
    ready = {release.manifest.name: release.manifest.release_version for release in catalogue.ready}
    states = [
        {"name": f"{name}.{end}", "version": version, "state": "READY", "reason": ""}
        for name, version in ready.items()
        for end in OPERATIONS
    ]
    if not request.ready:
        states += [
            {"name": f"{name}.{end}", "state": "UNAVAILABLE", "reason": reason}
            for name, reason in catalogue.explain_not_ready().items()
            if name not in ready
            for end in OPERATIONS
        ]
    return Response(write_json(states), media_type=JSON)
