"""Routes: encode and decode in the x and y spaces of a release."""

from contextlib import ExitStack
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response

from api.catalogue import Catalogue
from api.errors import describe_errors
from api.gathering import SMALL_ROWS, Gatherer
from api.limits import HeldResponse, Worker
from api.operations import Draw, Operation
from api.payload import (
    describe_array,
    describe_request,
    describe_response,
    read_array,
    stream_rows,
    write_arrays,
)
from ld_data.codec import Mode
from ld_data.noise import MAX_SEED

ERRORS = describe_errors(404, 408, 413, 415, 422, 429, 503)
VECTORS = describe_request("vectors", describe_array(2))
NESTED = {"type": "array", "items": {}, "description": "Images (n, h, w) with pixels in [0, 1], or signals (n, t)."}
SMALL_BODY_BYTES = 2**16  # that is read on the event loop

Release = Annotated[str, Path(description="The name of a release.")]
ModeQuery = Annotated[Mode, Query(description="A draw from the posterior, or its mean.")]
SeedQuery = Annotated[int, Query(ge=0, le=MAX_SEED, description="Of the draw.")]
FirstRowQuery = Annotated[int, Query(ge=0, le=2**40, description="The number of the first row: row i draws noise i.")]


class CodecService:
    """Answers what releases' models are asked."""

    def __init__(self, catalogue: Catalogue, worker: Worker) -> None:
        """Take the releases, and what limits the work on them."""
        self.catalogue, self._worker, self._gatherer = catalogue, worker, Gatherer()

    async def answer(self, request: Request, operation: Operation, draw: Draw) -> Response:
        """Return the answer to a request for an operation; raises what its body or the limits give reason for."""
        rows = self._expect_rows(request, operation)
        with ExitStack() as places:
            body = await self._worker.receive(request, places)
            with self._worker.admission.hold_rows(rows):
                if len(body) <= SMALL_BODY_BYTES:
                    arrays = self._read(request, body, operation, draw)
                else:
                    arrays = await self._worker.work(self._read, request, body, operation, draw)
                if len(arrays[0]) > SMALL_ROWS and not operation.derive:
                    places.enter_context(self._worker.admission.admit())
                    return await self._stream(request, operation, arrays, places)
                result = await self._gatherer.run(operation.compute, *arrays)
            return write_arrays(request, npy=result, **operation.name_outputs(result))

    def _expect_rows(self, request: Request, operation: Operation) -> int:
        """Return how many rows will wait at a time; refuse a request that finds the service full, with its body unread.

        They count as waiting only once the body is here, so that idle senders keep nobody out.
        """
        length = request.headers.get("content-length", "")
        rows = operation.expect_rows(int(length)) if length.isdecimal() else SMALL_ROWS
        self._worker.admission.check_rows(min(rows, SMALL_ROWS))
        return min(rows, SMALL_ROWS)

    def _read(self, request: Request, body: bytes, operation: Operation, draw: Draw) -> tuple[np.ndarray, ...]:
        array = read_array(request, body, operation.takes)
        self._worker.limits.check_rows(len(array) if array.ndim else 1)
        return operation.prepare(array, draw)

    async def _stream(
        self, request: Request, operation: Operation, arrays: tuple[np.ndarray, ...], places: ExitStack
    ) -> Response:
        """Return an answer that is computed while it is sent, and no longer once its client has left."""
        parts = self._gatherer.stream(operation.compute, *arrays)
        chunks, media_type, headers = await stream_rows(request, operation.gives, parts, len(arrays[0]))
        return HeldResponse(chunks, places.pop_all(), media_type, headers)


def make_router(service: CodecService) -> APIRouter:
    """Return the routes under `/v1/datasets/{release}/x` and `/y`."""
    router = APIRouter(prefix="/v1/datasets/{release}", tags=["encode and decode"])

    def find(release: str, name: str) -> Operation:
        return service.catalogue.find(release).operations[name]

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
        return await service.answer(request, find(release, "x/encode"), Draw(mode, seed, first_row))

    @router.post(
        "/x/decode",
        summary="x latents to inputs",
        responses={**describe_response("Images (n, h, w) or signals (n, t).", inputs=NESTED), **ERRORS},
        openapi_extra=VECTORS,
    )
    async def decode_x(release: Release, request: Request) -> Response:
        return await service.answer(request, find(release, "x/decode"), Draw())

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
        return await service.answer(request, find(release, "y/encode"), Draw(mode, seed, first_row))

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
        return await service.answer(request, find(release, "y/decode"), Draw())

    return router
