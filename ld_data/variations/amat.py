"""The text format of the "Variations on the MNIST digits": a row an image, 784 numbers in [0, 1] and the class last.

Blocks of whole lines go straight into the final array, so that little else is ever in memory. `matlab_text` parses
numbers as MATLAB writes them: the sizes of the published archives fit that form. numpy's own parser, several times
slower, reads numbers in any other form.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.variations.matlab_text import LayoutParser, has_layout

SIDE = 28
PIXELS = SIDE * SIDE
COLUMNS = PIXELS + 1
CLASSES = 10
BLOCK_BYTES = 1 << 19  # some tens of rows, whose arrays stay in a processor's cache
SHOWN_CHARACTERS = 60  # of a line in an error


@dataclass(frozen=True)
class Amat:
    """What a file holds.

    Attributes:
        images: `(n, 28, 28)` float32, pixels in [0, 1].
        labels: their classes `(n,)` uint8.
    """

    images: np.ndarray
    labels: np.ndarray


def read_amat(file: BinaryIO, name: str, rows: int, *, other_rows: int = 0, transposed: bool = False) -> Amat:
    """Return the `rows` images and classes of an `.amat` file, which is called `name` in messages.

    With `transposed`, each image is turned over its diagonal, since some of the published sets are stored so. Raises
    `IntegrityError` that tells what was received instead: a header, a web page, a row with too few or too many numbers,
    something that is no number, a pixel outside [0, 1], a class that is none, another number of rows; and if these are
    `other_rows`, that training and test are swapped.
    """
    images, labels = np.empty((rows, SIDE, SIDE), np.float32), np.empty(rows, np.uint8)
    received = 0
    for table in _parse_blocks(file, name):
        kept = table[: max(0, rows - received)]
        part = slice(received, received + len(kept))
        labels[part] = _check_classes(kept[:, PIXELS], name, received)
        pixels = kept[:, :PIXELS].reshape(-1, SIDE, SIDE)
        images[part] = pixels.swapaxes(1, 2) if transposed else pixels
        if not images[part].min(initial=0) >= 0 or images[part].max(initial=1) > 1:  # the former holds for NaN
            raise _explain_pixels(kept[:, :PIXELS], name, received)
        received += len(table)
    if received != rows:
        swapped = " So many has the other file of the two: training and test are swapped." if received else ""
        raise IntegrityError(
            f"{name}: expected {rows} rows; received {received}.{swapped if received == other_rows else ''}"
        )
    return Amat(images, labels)


def _parse_blocks(file: BinaryIO, name: str) -> Iterator[np.ndarray]:
    """Yield the numbers of the file `(n, 785)`, some rows at a time; each table is overwritten by the next."""
    parser: LayoutParser | None = None
    first_row = 0
    for block in _read_blocks(file, name):
        if not first_row:
            line = bytes(block).partition(b"\n")[0] + b"\n"
            _check_first_line(line, name)
            parser = LayoutParser(line, COLUMNS, BLOCK_BYTES) if has_layout(line, COLUMNS) else None
        table = parser.parse(block) if parser else None
        if table is None:
            table = _parse_lines(bytes(block), name, first_row)
        yield table
        first_row += len(table)


def _read_blocks(file: BinaryIO, name: str) -> Iterator[memoryview]:
    """Yield the file in blocks that end with a line; each is overwritten by the next."""
    buffer = bytearray(BLOCK_BYTES)
    view, held = memoryview(buffer), 0
    while received := file.readinto(view[held:]):  # type: ignore[attr-defined]
        filled = held + received
        end = buffer.rfind(b"\n", held, filled) + 1
        if end:
            yield view[:end]
            view[: filled - end] = bytes(view[end:filled])
        elif filled == BLOCK_BYTES:
            raise IntegrityError(
                f"{name}: expected lines of {COLUMNS} numbers; received {BLOCK_BYTES} bytes without an end of a line, "
                f"which begin with {_show(bytes(view[:SHOWN_CHARACTERS]))}."
            )
        held = filled - end
    if held:
        yield view[:held]


def _check_first_line(line: bytes, name: str) -> None:
    """Raise `IntegrityError` for a first line that is no row of numbers, and say what it looks like."""
    if line.lstrip().startswith(b"<"):
        raise IntegrityError(
            f"{name}: expected rows of numbers; received a web page, {_show(line)}. "
            "That is what a failed download leaves: fetch the file again."
        )
    words = line.split()
    if not words or not any(_is_number(word) for word in words[:COLUMNS]) or line.lstrip().startswith(b"#"):
        raise IntegrityError(
            f"{name}: expected {COLUMNS} numbers in the first line; received a header, {_show(line)}. "
            "The published files have none: remove it."
        )


def _parse_lines(text: bytes, name: str, first_row: int) -> np.ndarray:
    """Return the numbers of lines in any notation `(n, 785)` float32; raise `IntegrityError` for the first bad row."""
    lines = text.split(b"\n")
    if not lines[-1].strip():
        lines.pop()  # what is behind the last end of a line
    try:
        table = np.loadtxt(lines, np.float32, comments=None, ndmin=2)
    except ValueError:
        table = None
    if table is None or table.shape != (len(lines), COLUMNS):  # numpy passes over empty lines
        raise _explain_lines(lines, name, first_row)
    return table


def _explain_lines(lines: list[bytes], name: str, first_row: int) -> IntegrityError:
    """Return the error that names the first of the lines that is not a row of numbers."""
    for number, line in enumerate(lines, first_row + 1):
        words = line.split()
        if bad := next((place for place, word in enumerate(words, 1) if not _is_number(word)), 0):
            return IntegrityError(
                f"{name}: row {number}, column {bad}: expected a number; received {_show(words[bad - 1])}."
            )
        if len(words) != COLUMNS:
            return IntegrityError(
                f"{name}: row {number}: expected {COLUMNS} numbers, {PIXELS} pixels and the class; "
                f"received {len(words)}. The file is cut off or damaged: fetch it again."
            )
    return IntegrityError(f"{name}: rows {first_row + 1} to {first_row + len(lines)} could not be read as numbers.")


def _check_classes(classes: np.ndarray, name: str, first_row: int) -> np.ndarray:
    """Return the classes; raise `IntegrityError` for the first that is no integer from 0 to 9."""
    good = (classes >= 0) & (classes < CLASSES) & (classes == np.floor(classes))
    if not good.all():
        row = int(np.argmin(good))
        raise IntegrityError(
            f"{name}: row {first_row + row + 1}: expected a class from 0 to {CLASSES - 1} in column {COLUMNS}; "
            f"received {classes[row]:g}."
        )
    return classes


def _explain_pixels(pixels: np.ndarray, name: str, first_row: int) -> IntegrityError:
    """Return the error that names the first pixel outside [0, 1]."""
    row, column = np.argwhere(~((pixels >= 0) & (pixels <= 1)))[0]
    return IntegrityError(
        f"{name}: row {first_row + row + 1}, column {column + 1}: expected a pixel in [0, 1]; "
        f"received {pixels[row, column]:g}."
    )


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _show(text: bytes) -> str:
    """Return the beginning of a text as it is shown in an error."""
    shown = text.strip()[:SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    return repr(shown)
