"""Routes: encode and decode in the x and y spaces of a release."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response

from api.catalogue import Catalogue
from api.errors import describe_errors
from api.limits import Worker
from api.payload import describe_array, describe_request, describe_response, read_array, write_arrays
from ld_data.codec import Mode
from ld_data.noise import MAX_SEED

ERRORS = describe_errors(404, 408, 413, 415, 422, 429, 503)
VECTORS = describe_request("vectors", describe_array(2))
NESTED = {"type": "array", "items": {}, "description": "Images (n, h, w) with pixels in [0, 1], or signals (n, t)."}

Release = Annotated[str, Path(description="The name of a release.")]
ModeQuery = Annotated[Mode, Query(description="A draw from the posterior, or its mean.")]
SeedQuery = Annotated[int, Query(ge=0, le=MAX_SEED, description="Of the draw.")]
FirstRowQuery = Annotated[int, Query(ge=0, le=2**40, description="The number of the first row: row i draws noise i.")]


def make_router(catalogue: Catalogue, worker: Worker) -> APIRouter:
    """Return the routes under `/v1/datasets/{release}/x` and `/y`."""
    router = APIRouter(prefix="/v1/datasets/{release}", tags=["encode and decode"])

    def read_rows(request: Request, body: bytes, field: str) -> np.ndarray:
        array = read_array(request, body, field)
        worker.limits.check_rows(len(array) if array.ndim else 1)
        return array

    @router.post(
        "/x/encode",
        summary="Inputs to x latents",
        responses={**describe_response("Latents (n, d).", vectors=describe_array(2)), **ERRORS},
        openapi_extra=describe_request("inputs", NESTED),
    )
    async def encode_x(
        release: Release,
        request: Request,
        mode: ModeQuery = "sample",
        seed: SeedQuery = 0,
        first_row: FirstRowQuery = 0,
    ) -> Response:
        codec = catalogue.find(release).codec.x

        def work(body: bytes) -> Response:
            vectors = codec.encode(read_rows(request, body, "inputs"), mode, seed, first_row)
            return write_arrays(request, npy=vectors, vectors=vectors)

        return await worker.run(request, work)

    @router.post(
        "/x/decode",
        summary="x latents to inputs",
        responses={**describe_response("Images (n, h, w) or signals (n, t).", inputs=NESTED), **ERRORS},
        openapi_extra=VECTORS,
    )
    async def decode_x(release: Release, request: Request) -> Response:
        codec = catalogue.find(release).codec.x

        def work(body: bytes) -> Response:
            inputs = codec.decode(read_rows(request, body, "vectors"))
            return write_arrays(request, npy=inputs, inputs=inputs)

        return await worker.run(request, work)

    @router.post(
        "/y/encode",
        summary="Classes to y latents",
        responses={**describe_response("Latents (n, d).", vectors=describe_array(2)), **ERRORS},
        openapi_extra=describe_request("labels", describe_array(1, "integer")),
    )
    async def encode_y(
        release: Release,
        request: Request,
        mode: ModeQuery = "sample",
        seed: SeedQuery = 0,
        first_row: FirstRowQuery = 0,
    ) -> Response:
        codec = catalogue.find(release).codec.y

        def work(body: bytes) -> Response:
            vectors = codec.encode(read_rows(request, body, "labels"), mode, seed, first_row)
            return write_arrays(request, npy=vectors, vectors=vectors)

        return await worker.run(request, work)

    @router.post(
        "/y/decode",
        summary="y latents to classes",
        responses={
            **describe_response(
                "Classes (n,) and probabilities (n, k); as .npy the probabilities.",
                labels=describe_array(1, "integer"),
                probabilities=describe_array(2),
            ),
            **ERRORS,
        },
        openapi_extra=VECTORS,
    )
    async def decode_y(release: Release, request: Request) -> Response:
        codec = catalogue.find(release).codec.y

        def work(body: bytes) -> Response:
            probabilities = codec.decode(read_rows(request, body, "vectors"))
            labels = probabilities.argmax(axis=1)
            return write_arrays(request, npy=probabilities, labels=labels, probabilities=probabilities)

        return await worker.run(request, work)

    return router
