"""Encoding and decoding for requests: batches of rows from several clients."""

from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
from fastapi import Request, Response

from api.messages.negotiation import read_header
from api.messages.payload import read_array
from api.messages.replies import Number, Question, Reply, choose_reply
from api.releases.catalogue import Catalogue
from api.releases.operations import Draw, Operation
from api.work.batching import CHUNK_ROWS, SMALL_ROWS, Gatherer, Watch
from api.work.worker import HeldResponse, Worker

SMALL_BODY_BYTES = 2**16  # that is read on the event loop


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
