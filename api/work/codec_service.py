"""Encoding and decoding for requests: batches of rows from several clients."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from fastapi import Request, Response

from api.messages.payload import read_array
from api.messages.replies import Number, Question, Reply, choose_reply
from api.messages.request_record import find_headers, find_record
from api.releases.catalogue import Catalogue
from api.releases.operations import Draw, Operation
from api.work.batching import BATCH_ROWS, CHUNK_ROWS, SMALL_ROWS, Batcher
from api.work.statistics import Statistics
from api.work.worker import HeldResponse, Worker
from ld_data.typing import Array

LEAST_WAITING_ROWS = 4 * BATCH_ROWS  # that may wait even if they take longer than the limit
RECENT_CALLS = 8
SMALL_BODY_BYTES = 2**16  # a body of at most so many bytes is parsed on the event loop


class CodecService:
    """Answers requests for the models of the releases.

    `watch` is called after each call of a model with the numbers of its requests and rows.
    """

    def __init__(self, catalogue: Catalogue, worker: Worker, watch: Callable[[int, int], None]) -> None:
        self.catalogue, self.worker, self._batcher = catalogue, worker, Batcher(self._watch)
        self.statistics = Statistics()
        self._count_call = watch
        self._row_seconds = 0.0  # of late, in large calls

    def answer(
        self, request: Request, operation: Operation, draw: Draw, number: Number = "float32"
    ) -> Awaitable[Response]:
        """Return the answer to a request for an operation, with an array as JSON or `.npy`."""
        reply = choose_reply(request, operation, number)

        def read(body: bytes) -> Question:
            return Question(read_array(request, body, operation.takes.name, self.worker.limits.max_rows), draw, reply)

        return self.ask(request, operation, read)

    async def ask(self, request: Request, operation: Operation, read: Callable[[bytes], Question]) -> Response:
        """Return the answer to the question that `read` finds in the body of a request.

        Raises:
            InputError: the body does not hold what the operation takes, or too many rows (`TooLargeError`).
            OverloadedError: the service has reached a limit on requests, rows or bytes.
            SlowBodyError: the body did not arrive in time.
        """
        waiting_rows = self._expect_rows(request, operation)
        admission = self.worker.admission
        with admission.bytes.hold() as held:
            body = await self.worker.receive(request, held)
            with admission.rows.hold(waiting_rows) as waiting:
                if len(body) <= SMALL_BODY_BYTES:
                    arrays, reply = self._prepare(operation, read, body)
                else:
                    arrays, reply = await self.worker.work(self._prepare, operation, read, body)
                find_record(request.scope).rows = len(arrays[0])
                if len(arrays[0]) <= SMALL_ROWS and not reply.is_picture:
                    rows = await self._batcher.run(operation.compute, *arrays)
                    return reply.write(operation, rows)
                if not (operation.derives or reply.is_picture):
                    with ExitStack() as places:
                        places.enter_context(held.move())
                        places.enter_context(admission.hold_stream(request.scope))
                        return await self._stream(operation, arrays, reply, places)
                with admission.requests.hold(1):
                    rows = await self._batcher.run(operation.compute, *arrays)
                    waiting.end()
                    return await self.worker.work(reply.write, operation, rows)

    def _watch(self, requests: int, rows: int, seconds: float) -> None:
        """Count a call of a model, and let as many rows wait as calls like the last ones compute in time."""
        self._count_call(requests, rows)
        if rows >= CHUNK_ROWS:  # in smaller ones a row takes longer
            limits, row_seconds = self.worker.limits, seconds / rows
            self._row_seconds += (row_seconds - self._row_seconds) / (RECENT_CALLS if self._row_seconds else 1)
            in_time = max(LEAST_WAITING_ROWS, int(limits.max_waiting_seconds / self._row_seconds))
            self.worker.admission.rows.most = min(limits.max_waiting_rows, in_time)

    def _expect_rows(self, request: Request, operation: Operation) -> int:
        """Return about how many rows of a request will wait at a time; refuse it, its body unread, if they cannot.

        The rows count as waiting only once the body has arrived, so that idle senders exclude no other request.
        """
        length = find_headers(request.scope).get(b"content-length", b"")
        rows = min(operation.expect_rows(int(length)), CHUNK_ROWS) if length.isdigit() else CHUNK_ROWS
        self.worker.admission.rows.check(rows)
        return rows

    def _prepare(
        self, operation: Operation, read: Callable[[bytes], Question], body: bytes
    ) -> tuple[tuple[Array, ...], Reply]:
        """Return the checked arrays for `operation.compute`, and the form of the answer."""
        question = read(body)
        rows = len(question.array) if question.array.ndim else 1
        self.worker.limits.check("max_rows", rows)
        if question.reply.is_picture:
            self.worker.limits.check("max_pictures", rows)
        return operation.prepare(question.array, question.draw), question.reply

    async def _stream(
        self, operation: Operation, arrays: tuple[Array, ...], reply: Reply, places: ExitStack
    ) -> Response:
        """Return an answer whose rows are computed while it is sent, until its client leaves."""
        parts = self._batcher.stream(operation.compute, *arrays)
        first = await anext(parts)
        frame = reply.frame(operation, first, len(arrays[0]))
        return HeldResponse(frame.fill(first, parts), places.pop_all(), frame.media_type, frame.headers)
