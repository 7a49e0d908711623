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
from ld_data.mnist1d import Mnist1dConfig, make_mnist1d

MAX_LENGTH = 1000
REQUEST = {"requestBody": {"content": {JSON: {"schema": TypeAdapter(Mnist1dConfig).json_schema()}}}}
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
            **describe_errors(413, 415, 422, 429),
        },
    )
    async def generate(request: Request) -> Response:
        def work(body: bytes) -> Response:
            config = _read_config(read_object(request, body))
            worker.limits.check_rows(config.num_samples)
            if max(config.final_seq_length, config.dilated_length) > MAX_LENGTH:
                raise InputError(f"signals may have at most {MAX_LENGTH} steps here; received {config}.")
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
