"""Rows as answers: all at once, or part by part while they are computed."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import numpy as np
from fastapi import Request, Response

from api.messages.payload import JSON, NPY, choose_answer_type, write_arrays, write_json
from api.messages.pictures import draw_sheet, quantize
from api.releases.operations import Draw, Operation
from ld_data.errors import InputError
from ld_data.storage.arrays import write_npy, write_npy_header, write_values

PNG = "image/png"
Number = Literal["float32", "uint8"]


@dataclass(frozen=True)
class Frame:
    """What goes around the parts of an answer.

    Attributes:
        media_type: of the answer.
        head: comes before the first part.
        write: a part to its bytes.
        separator: comes between two parts.
        tail: comes after the last.
        headers: of the answer.
    """

    media_type: str
    head: bytes
    write: Callable[[np.ndarray], bytes]
    separator: bytes = b""
    tail: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def fill(self, first: np.ndarray, parts: AsyncIterator[np.ndarray]) -> AsyncIterator[bytes]:
        """Yield the chunks of the answer: one for each part, and the tail."""
        yield self.head + self.write(first)
        async for part in parts:
            yield self.separator + self.write(part)
        if self.tail:
            yield self.tail


class Reply(Protocol):
    """How an answer is written."""

    @property
    def is_picture(self) -> bool:
        """Whether it takes all rows at once, few of them, and long."""

    def write(self, operation: Operation, rows: np.ndarray) -> Response:
        """Return the answer of an operation that gave these rows."""

    def frame(self, operation: Operation, first: np.ndarray, rows: int) -> Frame:
        """Return what goes around n rows that come in parts, of which this is the first.

        It makes the same of them as `write`. Not for pictures, nor for an operation that derives more from its rows.
        """


@dataclass(frozen=True, eq=False)
class Question:
    """What a request's body asks of a model.

    Attributes:
        array: what goes in, as it came.
        draw: the noise.
        reply: how to answer.
    """

    array: np.ndarray
    draw: Draw
    reply: Reply


@dataclass(frozen=True)
class JsonReply:
    """A JSON object of all outputs, by name."""

    convert: Callable[[np.ndarray], np.ndarray] = np.asarray
    is_picture: ClassVar[bool] = False

    def write(self, operation: Operation, rows: np.ndarray) -> Response:
        """Return the answer."""
        return Response(write_arrays(**operation.name_outputs(self.convert(rows))), media_type=JSON)

    def frame(self, operation: Operation, first: np.ndarray, rows: int) -> Frame:
        """Return what goes around parts."""
        return Frame(JSON, b'{"%s":[' % operation.gives.name.encode(), self._write_part, b",", b"]}")

    def _write_part(self, part: np.ndarray) -> bytes:
        return write_json(self.convert(part))[1:-1]


@dataclass(frozen=True)
class NpyReply:
    """The rows as `.npy`."""

    convert: Callable[[np.ndarray], np.ndarray] = np.asarray
    is_picture: ClassVar[bool] = False

    def write(self, operation: Operation, rows: np.ndarray) -> Response:
        """Return the answer."""
        return Response(write_npy(self.convert(rows)), media_type=NPY)

    def frame(self, operation: Operation, first: np.ndarray, rows: int) -> Frame:
        """Return what goes around parts."""
        row = self.convert(first[:1])
        head = write_npy_header((rows, *row.shape[1:]), row.dtype)
        length = len(head) + rows * row.nbytes
        return Frame(NPY, head, self._write_part, headers={"Content-Length": str(length)})

    def _write_part(self, part: np.ndarray) -> bytes:
        return write_values(self.convert(part))


@dataclass(frozen=True)
class PngReply:
    """The rows as pictures, on one sheet."""

    is_picture: ClassVar[bool] = True

    def write(self, operation: Operation, rows: np.ndarray) -> Response:
        """Return the answer."""
        return Response(draw_sheet(rows), media_type=PNG)

    def frame(self, operation: Operation, first: np.ndarray, rows: int) -> Frame:
        """Raise: a sheet has no parts."""
        raise NotImplementedError


REPLIES: dict[tuple[str, Number], Reply] = {
    (JSON, "float32"): JsonReply(),
    (JSON, "uint8"): JsonReply(quantize),
    (NPY, "float32"): NpyReply(),
    (NPY, "uint8"): NpyReply(quantize),
    (PNG, "float32"): PngReply(),
    (PNG, "uint8"): PngReply(),
}


def choose_reply(request: Request, operation: Operation, number: Number) -> Reply:
    """Return how to answer a request, by its Accept and the type of number that it asks for.

    Raises `NotAcceptableError` if its Accept names no type that there is, `InputError` for 8 bits of signals.
    """
    if number == "uint8" and not operation.gives_pixels:
        raise InputError("dtype=uint8 is for images, whose pixels lie in [0, 1]; these are signals. Leave dtype out.")
    offered = (JSON, NPY, PNG) if operation.gives_inputs else (JSON, NPY)
    return REPLIES[choose_answer_type(request, *offered), number]
