"""Routes: encode and decode in the x and y spaces of a release."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response

from api.catalogue import Catalogue
from api.errors import describe_errors
from api.gathering import CHUNK_ROWS, SMALL_ROWS, Gatherer, Watch
from api.limits import HeldResponse, Worker
from api.negotiation import read_header
from api.operations import MAX_FIRST_ROW, Draw, Operation
from api.payload import describe_array, describe_request, describe_response, read_array
from api.replies import PNG, Number, Question, Reply, choose_reply
from ld_data.codec import Mode
from ld_data.noise import MAX_SEED

ERRORS = describe_errors(404, 406, 408, 413, 415, 422, 429, 503)
VECTORS = describe_request("vectors", describe_array(2))
NESTED = {"type": "array", "items": {}, "description": "Images (n, h, w) with pixels in [0, 1], or signals (n, t)."}
SMALL_BODY_BYTES = 2**16  # that is read on the event loop

Release = Annotated[str, Path(description="The name of a release.")]
ModeQuery = Annotated[Mode, Query(description="A draw from the posterior, or its mean.")]
SeedQuery = Annotated[
    int, Query(ge=0, le=MAX_SEED, description="Of the draw; 0 if none is given, so that the same rows give the same.")
]
FirstRowQuery = Annotated[
    int, Query(ge=0, le=MAX_FIRST_ROW, description="The number of the first row: row i draws noise i.")
]
NumberQuery = Annotated[
    Number, Query(alias="dtype", description="Of images: pixels in [0, 1], or rounded to 8 bits, 0 to 255.")
]


class CodecService:
    """Answers what releases' models are asked."""

    def __init__(self, catalogue: Catalogue, worker: Worker, watch: Watch | None = None) -> None:
        """Take the releases, what limits the work on them, and what is told of each call of a model."""
        self.catalogue, self.worker, self._gatherer = catalogue, worker, Gatherer(watch)

    async def answer(self, request: Request, operation: Operation, draw: Draw, number: Number = "float32") -> Response:
        """Return the answer to a request for an operation, an array in JSON or `.npy`; raises as `ask`.

        `NotAcceptableError` if its Accept names no type that there is.
        """
        reply = choose_reply(request, operation, number)

        def read(body: bytes) -> Question:
            return Question(read_array(request, body, operation.takes.name), draw, reply)

        return await self.ask(request, operation, read)

    async def ask(self, request: Request, operation: Operation, read: Callable[[bytes], Question]) -> Response:
        """Return the answer to what `read` finds in a request's body; raises what that or a limit gives reason for."""
        waiting_rows = self._expect_rows(request, operation)
        admission = self.worker.admission
        with ExitStack() as places:
            body = await self.worker.receive(request, places)
            with admission.hold_rows(waiting_rows):
                if len(body) <= SMALL_BODY_BYTES:
                    arrays, reply = self._prepare(operation, read, body)
                else:
                    arrays, reply = await self.worker.work(self._prepare, operation, read, body)
                request.scope["rows"] = len(arrays[0])  # for who watches
                is_small = len(arrays[0]) <= SMALL_ROWS and not reply.is_picture
                if not is_small:
                    places.enter_context(admission.admit())
                if not (is_small or operation.derives or reply.is_picture):
                    return await self._stream(operation, arrays, reply, places)
                rows = await self._gatherer.run(operation.compute, *arrays)
            if is_small:
                return reply.write(operation, rows)
            return await self.worker.work(reply.write, operation, rows)

    def _expect_rows(self, request: Request, operation: Operation) -> int:
        """Return how many rows will wait at a time; refuse a request that finds the service full, with its body unread.

        They count as waiting only once the body is here, so that idle senders keep nobody out.
        """
        length = read_header(request.scope, b"content-length")
        rows = operation.expect_rows(int(length)) if length.isdecimal() else CHUNK_ROWS
        self.worker.admission.check_rows(min(rows, CHUNK_ROWS))
        return min(rows, CHUNK_ROWS)

    def _prepare(
        self, operation: Operation, read: Callable[[bytes], Question], body: bytes
    ) -> tuple[tuple[np.ndarray, ...], Reply]:
        """Return what is to be computed, checked, and how it is to be answered."""
        question = read(body)
        rows = len(question.array) if question.array.ndim else 1
        self.worker.limits.check_rows(rows)
        if question.reply.is_picture:
            self.worker.limits.check_pictures(rows)
        return operation.prepare(question.array, question.draw), question.reply

    async def _stream(
        self, operation: Operation, arrays: tuple[np.ndarray, ...], reply: Reply, places: ExitStack
    ) -> Response:
        """Return an answer that is computed while it is sent, and no longer once its client has left."""
        parts = self._gatherer.stream(operation.compute, *arrays)
        first = await anext(parts)
        frame = reply.frame(operation, first, len(arrays[0]))
        return HeldResponse(frame.fill(first, parts), places.pop_all(), frame.media_type, frame.headers)


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
        responses={
            **describe_response("Images (n, h, w) or signals (n, t); as PNG a sheet of them.", PNG, inputs=NESTED),
            **ERRORS,
        },
        openapi_extra=VECTORS,
    )
    async def decode_x(release: Release, request: Request, number: NumberQuery = "float32") -> Response:
        return await service.answer(request, find(release, "x/decode"), Draw(), number)

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
