"""JSON with one large array of numbers, parsed piece by piece.

A parser makes some hundred bytes of objects from two bytes of text, and holds all other threads meanwhile. So the array
is found by its quotes and brackets, and cut into pieces; each becomes numbers of 8 bytes before the next is parsed, and
what is not a rectangular array of numbers is refused by its first piece. The rest of the text must be small.
"""

import re
from itertools import pairwise
from typing import Any

import numpy as np
import orjson

from api.errors import TooLargeError
from ld_data.errors import InputError
from ld_data.typing import Array

SMALL_BYTES = 2**16  # that are parsed at once: around the array, or with it
PIECE_BYTES = 2**18  # of the array that are parsed at once
MAX_ROW_BYTES = 2**24  # of its first row: the predictions of one seed, of several, take 7 MB
MAX_NUMBERS = 2**23
MAX_DIMENSIONS = 8
PLACE = "the array stands here"
SPACE = b" \t\r\n"
NUMBERS = b"0123456789+-.eE," + SPACE
NOT_SKELETON = bytes(set(range(256)) - set(b"[],"))


def is_large(text: bytes | memoryview) -> bool:
    """Return whether a text must be parsed by `parse_large`."""
    return len(text) > SMALL_BYTES


def parse_json(text: bytes | memoryview) -> Any:
    """Return the value of a small text; raises `InputError` if it is not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(f"the body is not JSON: {error}.") from error


def parse_large(text: bytes, max_rows: int) -> tuple[Any, Array]:
    """Return the value of a text with `[PLACE]` in place of its array, and the array, int64 or float64.

    Raises:
        InputError: the text is not JSON, has no large array of numbers, or the array is not rectangular.
        TooLargeError: the array has more rows or more than `MAX_NUMBERS`.
    """
    start, end = _find_array(text)
    around = text[:start] + orjson.dumps([PLACE]) + text[end:]
    if is_large(around):
        raise InputError(
            f"a body of more than {SMALL_BYTES} bytes must be one array of numbers, and little else; received "
            f"{len(around)} bytes around its array."
        )
    return parse_json(around), _Numbers(text, start, end, max_rows).parse()


def _find_array(text: bytes) -> tuple[int, int]:
    """Return the start and the end of the array in the longest part without quotes, which begins in the first bytes."""
    quotes = np.flatnonzero(np.frombuffer(text, np.uint8, SMALL_BYTES) == ord('"'))
    further = text.find(b'"', SMALL_BYTES)
    edges = np.array([-1, *quotes, len(text) if further < 0 else further])
    widest = int(np.diff(edges).argmax())
    first, last = int(edges[widest]) + 1, int(edges[widest + 1])
    start = text.find(b"[", first, min(last, first + SMALL_BYTES))
    brace = text.find(b"}", start, last)
    end = text.rfind(b"]", start, last if brace < 0 else brace) + 1
    return (start, end) if 0 <= start < end else (0, 0)


class _Numbers:
    """The numbers in a text between two brackets."""

    def __init__(self, text: bytes, start: int, end: int, max_rows: int) -> None:
        self._text, self._start, self._end, self._max_rows = text, start + 1, end - 1, max_rows
        lead = text[start : start + SMALL_BYTES].translate(None, SPACE)
        self._depth = len(lead) - len(lead.lstrip(b"["))

    def parse(self) -> Array:
        """Return the array."""
        shape = self._measure_row()
        period = _make_skeleton(shape) + b","
        size, phase, count, parts = period.count(b","), 0, 0, []
        while self._start < self._end:
            piece = self._take_piece()
            skeleton = piece.translate(None, NOT_SKELETON) + b","
            repeats = -(-(phase + len(skeleton)) // len(period))
            if (period * repeats)[phase : phase + len(skeleton)] != skeleton:
                raise InputError("the numbers must be a rectangular array; its lists differ in length or depth.")
            phase = (phase + len(skeleton)) % len(period)
            parts.append(_read_numbers(piece))
            count += len(parts[-1])
            self._check(count, -(-count // size))
        if phase:
            raise InputError("the numbers must be a rectangular array; its last list is cut.")
        return np.concatenate(parts).reshape(-1, *shape)

    def _measure_row(self) -> tuple[int, ...]:
        """Return the shape of the first row."""
        if self._depth == 1:
            return ()
        closing = re.compile(rb"\]\s*" * min(self._depth - 1, MAX_DIMENSIONS))
        match = closing.search(self._text, self._start, min(self._end, self._start + MAX_ROW_BYTES))
        if match is None or self._depth > MAX_DIMENSIONS:
            raise InputError(
                f"the numbers must be an array of at most {MAX_DIMENSIONS} dimensions, and a row of it at most "
                f"{MAX_ROW_BYTES} bytes. Send larger ones as .npy."
            )
        skeleton = self._text[self._start : match.end()].translate(None, NOT_SKELETON)
        counts = [skeleton.count(b",", 0, skeleton.find(b"]" * inner)) + 1 for inner in range(1, self._depth)]
        return *(outer // inner for inner, outer in reversed(list(pairwise(counts)))), counts[0]

    def _take_piece(self) -> bytes:
        """Return the next piece, up to a comma or the end, and go on behind it."""
        end = self._end
        if end - self._start > PIECE_BYTES:
            end = self._text.rfind(b",", self._start, self._start + PIECE_BYTES)
            if end < 0:
                raise InputError(f"a number in a body may take at most {PIECE_BYTES} bytes.")
        piece, self._start = self._text[self._start : end], end + 1
        return piece

    def _check(self, count: int, rows: int) -> None:
        if rows > self._max_rows:
            raise TooLargeError(
                f"one request may hold at most {self._max_rows} rows; this one holds more. Send them in several "
                "requests."
            )
        if count > MAX_NUMBERS:
            raise TooLargeError(f"JSON may hold at most {MAX_NUMBERS} numbers; this holds more. Send them as .npy.")


def _make_skeleton(shape: tuple[int, ...]) -> bytes:
    """Return the brackets and commas of an array."""
    return b"[" + b",".join([_make_skeleton(shape[1:])] * shape[0]) + b"]" if shape else b""


def _read_numbers(piece: bytes) -> Array:
    """Return the numbers `(n,)` of a piece, whose brackets stand in the right order."""
    if other := piece.translate(None, NUMBERS + b"[]"):
        raise InputError(f"an array must hold numbers; received {other[:20].decode('utf-8', 'replace')} among them.")
    before = {part.rstrip(SPACE)[-1:] for part in piece.split(b"[")[:-1]}
    behind = {part.lstrip(SPACE)[:1] for part in piece.split(b"]")[1:]}
    inside = {part.lstrip(SPACE)[:1] for part in piece.split(b"[")[1:]}
    if not before | behind <= {b",", b""} or b"]" in inside:
        raise InputError("the numbers must be a rectangular array; a comma or a number is missing beside a bracket.")
    numbers = np.array(parse_json(b"[%s]" % piece.translate(None, b"[]")))
    if numbers.dtype.kind not in "iuf":
        raise InputError("an array must hold numbers of at most 64 bits.")
    return numbers
