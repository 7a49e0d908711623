"""Rows as answers: all at once, or part by part while they are computed."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from api.messages.payload import JSON, KEPT_HEADERS, NPY, choose_answer_type, read_header, write_json
from api.messages.pictures import draw_sheet, quantize
from api.releases.operations import Draw, Operation
from ld_data.errors import InputError
from ld_data.storage.arrays import write_npy, write_npy_header, write_values
from ld_data.typing import Array

PNG = "image/png"
PIECE_BYTES = 2**16  # that go out together: the server keeps a copy of what a client does not take
Number = Literal["float32", "uint8"]


@dataclass(frozen=True)
class Frame:
    """The media type and headers of an answer, and the bytes around its parts, which `write` turns into bytes."""

    media_type: str
    head: bytes
    write: Callable[[Array], bytes]
    separator: bytes = b""
    tail: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def fill(self, first: Array, parts: AsyncIterator[Array]) -> AsyncIterator[bytes]:
        """Yield the chunks of the answer: one for each part, and the tail."""
        yield self.head + self.write(first)
        async for part in parts:
            yield self.separator + self.write(part)
        yield self.tail


@dataclass(frozen=True)
class Reply:
    """A form of answer; a picture is drawn from all rows at once, and slowly."""

    is_picture: ClassVar[bool] = False

    def write(self, operation: Operation, rows: Array) -> Response:
        """Return the answer of an operation that gave these rows."""
        raise NotImplementedError

    def frame(self, operation: Operation, first: Array, rows: int) -> Frame:
        """Return the frame of an answer of n rows in parts, of which this is the first.

        The answer has the bytes that `write` returns. Pictures, and operations with derived outputs, have no frame.
        """
        raise NotImplementedError


class Question(NamedTuple):
    """A request for an operation: its input, not checked yet, its noise, and the form of its answer."""

    array: Array
    draw: Draw
    reply: Reply


class Whole(Response):
    """An answer of bytes that are there: the framework's own costs twice the time of this one."""

    def __init__(self, content: bytes, media_type: str) -> None:
        self.status_code, self.media_type, self.body, self.background = 200, media_type, content, None
        self.raw_headers = [(b"content-length", b"%d" % len(content)), (b"content-type", media_type.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True)
class JsonReply(Reply):
    """A JSON object of all outputs, by name."""

    convert: Callable[[Array], Array] = np.asarray

    def write(self, operation: Operation, rows: Array) -> Response:
        """Return the answer."""
        return Whole(write_json(operation.name_outputs(self.convert(rows))), JSON)

    def frame(self, operation: Operation, first: Array, rows: int) -> Frame:
        """Return the frame of an answer in parts."""
        head = b'{"%s":[' % operation.gives.name.encode()
        return Frame(JSON, head, lambda part: write_json(self.convert(part))[1:-1], b",", b"]}")


@dataclass(frozen=True)
class NpyReply(Reply):
    """The rows as `.npy`."""

    convert: Callable[[Array], Array] = np.asarray

    def write(self, operation: Operation, rows: Array) -> Response:
        """Return the answer."""
        return Whole(write_npy(self.convert(rows)), NPY)

    def frame(self, operation: Operation, first: Array, rows: int) -> Frame:
        """Return the frame of an answer in parts."""
        row = self.convert(first[:1])
        head = write_npy_header((rows, *row.shape[1:]), row.dtype)
        headers = {"Content-Length": str(len(head) + rows * row.nbytes)}
        return Frame(NPY, head, lambda part: write_values(self.convert(part)), headers=headers)


class PngReply(Reply):
    """The rows as pictures, on one sheet."""

    is_picture = True

    def write(self, operation: Operation, rows: Array) -> Response:
        """Return the answer."""
        return Response(draw_sheet(rows), media_type=PNG)


REPLIES: dict[tuple[str, Number], Reply] = {
    (JSON, "float32"): JsonReply(),
    (JSON, "uint8"): JsonReply(quantize),
    (NPY, "float32"): NpyReply(),
    (NPY, "uint8"): NpyReply(quantize),
    (PNG, "float32"): PngReply(),
    (PNG, "uint8"): PngReply(),
}


def cut(chunk: bytes | memoryview) -> Iterator[memoryview]:
    """Yield the pieces of a chunk."""
    view = memoryview(chunk)
    return (view[start : start + PIECE_BYTES] for start in range(0, len(view), PIECE_BYTES))


def choose_reply(request: Request, operation: Operation, number: Number) -> Reply:
    """Return the form of the answer to a request, by its header Accept and its query `dtype`.

    Raises:
        InputError: 8-bit numbers are asked for, but the operation does not return images.
        NotAcceptableError: the header Accept names no type that the operation writes.
    """
    if number == "uint8" and not operation.gives_pixels:
        raise InputError("dtype=uint8 is for images, whose pixels lie in [0, 1]; these are signals. Leave dtype out.")
    return _find_reply(read_header(request.scope, b"accept"), operation.gives_inputs, number)


@lru_cache(KEPT_HEADERS)
def _find_reply(accept: str, gives_inputs: bool, number: Number) -> Reply:
    return REPLIES[choose_answer_type(accept, JSON, NPY, *([PNG] if gives_inputs else [])), number]
