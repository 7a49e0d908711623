"""Routes: the Open Inference Protocol v2, by which clients that others wrote ask the models.

Each encoder and decoder of a release is a model, such as `ld-mnist-32.x.decoder`; its version is the release's.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

import ld_data
from api.errors import describe_errors
from api.messages.fields import Fields
from api.messages.inference import BINARY, HEADER_LENGTH, Model, describe_tensor, read_question
from api.messages.payload import BINARY_CONTENT, JSON, check_content_type, parse_object, write_json
from api.messages.replies import Question
from api.releases.catalogue import Catalogue
from api.work.codec_service import CodecService
from ld_data.errors import NotReadyError, UnknownNameError

PLATFORM = "ld-data"
EXTENSIONS = ("binary_tensor_data", "parameters")
OPERATIONS = {f"{space}.{way}r": f"{space}/{way}" for space in "xy" for way in ("encode", "decode")}

ModelName = Annotated[str, Path(alias="model", description="Such as ld-mnist-32.x.decoder.")]
ModelVersion = Annotated[str, Path(alias="version", description="The version of its release.")]
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
INDEX_SCHEMA = {
    "type": "object",
    "properties": {"ready": {"type": ["boolean", "null"]}},
    "additionalProperties": False,
}
ANSWER_SCHEMA = {"type": "object", "required": ["model_name", "model_version", "outputs"]}


def make_router(service: CodecService) -> APIRouter:
    """Return the routes under `/v2`."""
    router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])

    def find_latest(name: ModelName) -> Model:
        return find_model(service.catalogue, name)

    def find_version(name: ModelName, version: ModelVersion) -> Model:
        model = find_model(service.catalogue, name)
        if version != model.version:
            raise UnknownNameError(f"no version {version!r} of {name}. Known: {model.version}.")
        return model

    _add_server(router, service)
    _add_model(router, service, "/models/{model}", find_latest)
    _add_model(router, service, "/models/{model}/versions/{version}", find_version)
    return router


def find_model(catalogue: Catalogue, name: str) -> Model:
    """Return a model; raise `UnknownNameError` if there is none of the name, `NotReadyError` if its release failed."""
    release, *end = name.rsplit(".", 2)
    path = OPERATIONS.get(".".join(end))
    if path is None:
        raise UnknownNameError(f"no model {name!r}. Models are named as their release, with .{', .'.join(OPERATIONS)}.")
    found = catalogue.find(release)
    return Model(name, found.manifest.release_version, found.operations[path])


def list_models(catalogue: Catalogue) -> list[Model]:
    """Return all models that can be asked."""
    return [
        find_model(catalogue, f"{release.manifest.name}.{end}") for release in catalogue.ready for end in OPERATIONS
    ]


async def infer(service: CodecService, request: Request, model: Model) -> Response:
    """Return the answer of a model to a request; raises what its body or the limits give reason for."""
    check_content_type(request, JSON, BINARY)
    header_length = request.headers.get(HEADER_LENGTH)

    def read(body: bytes) -> Question:
        return read_question(model, header_length, body)

    return await service.ask(request, model.operation, read)


def _add_server(router: APIRouter, service: CodecService) -> None:
    catalogue = service.catalogue

    @router.get("", summary="What the service is")
    async def describe_server() -> dict[str, Any]:
        return {"name": "LD-Data", "version": ld_data.__version__, "extensions": EXTENSIONS}

    @router.get("/health/live", summary="Whether the service runs")
    async def tell_live() -> dict[str, bool]:
        return {"live": True}

    @router.get("/health/ready", summary="Whether every model can be asked", responses=describe_errors(503))
    def tell_ready() -> dict[str, bool]:
        if not_ready := catalogue.explain_not_ready():
            raise NotReadyError("; ".join(f"{name} is not ready: {reason}" for name, reason in not_ready.items()))
        return {"ready": True}

    @router.post(
        "/repository/index",
        summary="The models",
        responses=describe_errors(408, 413, 415, 422, 429),
        openapi_extra={"requestBody": {"content": {JSON: {"schema": INDEX_SCHEMA}}}},
    )
    async def list_models(request: Request) -> Response:
        """Answer with the models, those that are not ready too unless the body is {"ready": true}."""
        return await service.worker.run(request, lambda body: _describe_models(catalogue, body))


def _add_model(router: APIRouter, service: CodecService, path: str, find: Callable[..., Model]) -> None:
    found: Any = Depends(find)

    @router.get(path, summary="What a model takes and gives", responses=describe_errors(404, 503))
    async def describe_model(model: Model = found) -> dict[str, Any]:
        return {
            "name": model.name,
            "versions": [model.version],
            "platform": PLATFORM,
            "inputs": [describe_tensor(model.operation.takes)],
            "outputs": [describe_tensor(tensor) for tensor in model.operation.outputs],
        }

    @router.get(f"{path}/ready", summary="Whether a model can be asked", responses=describe_errors(404, 503))
    async def tell_model_ready(model: Model = found) -> dict[str, Any]:
        return {"name": model.name, "ready": True}

    @router.post(
        f"{path}/infer",
        summary="Ask a model",
        responses={
            200: {
                "description": "Outputs, as JSON, or as bytes after it where these are asked for.",
                "content": {JSON: {"schema": ANSWER_SCHEMA}, BINARY: BINARY_CONTENT},
            },
            **describe_errors(404, 408, 413, 415, 422, 429, 503),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": REQUEST_SCHEMA}, BINARY: BINARY_CONTENT},
            }
        },
    )
    async def ask_model(request: Request, model: Model = found) -> Response:
        return await infer(service, request, model)


def _describe_models(catalogue: Catalogue, body: bytes) -> Response:
    fields = Fields("the request", parse_object(body) if body else {})
    only_ready = fields.take("ready", bool, False)
    fields.finish()
    models = [
        {
            "name": f"{release.manifest.name}.{end}",
            "version": release.manifest.release_version,
            "state": "READY",
            "reason": "",
        }
        for release in catalogue.ready
        for end in OPERATIONS
    ]
    if not only_ready:
        ready = {release.manifest.name for release in catalogue.ready}
        models += [
            {"name": f"{name}.{end}", "state": "UNAVAILABLE", "reason": reason}
            for name, reason in catalogue.explain_not_ready().items()
            if name not in ready
            for end in OPERATIONS
        ]
    return Response(write_json(models), media_type=JSON)
