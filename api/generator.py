"""Routes: raw signals from the MNIST-1D generator."""

from dataclasses import fields
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from api.errors import describe_errors
from api.limits import Worker
from api.payload import JSON, describe_array, read_object, write_arrays
from ld_data.errors import InputError
from ld_data.mnist1d import CLASSES, Mnist1dConfig, make_mnist1d

CONFIG_SCHEMA = TypeAdapter(Mnist1dConfig).json_schema() | {"additionalProperties": False}
REQUEST = {"requestBody": {"required": True, "content": {JSON: {"schema": CONFIG_SCHEMA}}}}
RESPONSE_FIELDS = {
    "x": describe_array(2),
    "y": describe_array(1, "integer"),
    "x_test": describe_array(2),
    "y_test": describe_array(1, "integer"),
    "t": describe_array(1),
}


def make_router(worker: Worker) -> APIRouter:
    """Return the routes under `/v1/sources`."""
    router = APIRouter(prefix="/v1/sources", tags=["sources"])

    @router.post(
        "/mnist1d/generate",
        summary="MNIST-1D signals",
        openapi_extra=REQUEST,
        responses={
            200: {
                "description": "Signals (n, t), classes, time axis; as .npy all signals, training set first.",
                "content": {
                    JSON: {"schema": {"type": "object", "properties": RESPONSE_FIELDS}},
                    "application/x-npy": {"schema": {"type": "string", "format": "binary"}},
                },
            },
            **describe_errors(408, 413, 415, 422, 429),
        },
    )
    async def generate(request: Request) -> Response:
        def work(body: bytes) -> Response:
            config = _read_config(read_object(request, body))
            worker.limits.check_rows(config.num_samples)
            worker.limits.check_values(_count_values(config))
            data = make_mnist1d(config)
            arrays = {name: getattr(data, name) for name in RESPONSE_FIELDS}
            return write_arrays(request, npy=np.concatenate([data.x, data.x_test]), **arrays)

        return await worker.run(request, work)

    return router


def _read_config(values: dict[str, Any]) -> Mnist1dConfig:
    known = {field.name for field in fields(Mnist1dConfig)}
    if unknown := sorted(set(values) - known):
        raise InputError(f"unknown arguments: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    if isinstance(values.get("padding"), list):
        values = {**values, "padding": tuple(values["padding"])}
    return Mnist1dConfig(**values)


def _count_values(config: Mnist1dConfig) -> int:
    """Return how many numbers the generator holds: the signals, and the templates under every padding."""
    paddings = config.padding[1] - config.padding[0] + 1
    return (config.num_samples + CLASSES * paddings) * max(config.dilated_length, config.final_seq_length)
