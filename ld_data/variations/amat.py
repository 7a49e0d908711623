"""The text format of the "Variations on the MNIST digits": each row holds 784 pixels in [0, 1] and the class.

Blocks of whole lines go straight into the final array, so that memory holds little else. `matlab_text` parses numbers
as MATLAB writes them, which fits the sizes of the published archives. numpy's own parser, several times slower, reads
numbers in other forms.
"""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.typing import Array, Bytes, Floats
from ld_data.variations.matlab_text import LayoutParser, has_layout

SIDE = 28
PIXELS = SIDE * SIDE
COLUMNS = PIXELS + 1
CLASSES = 10
BLOCK_BYTES = 1 << 19  # some tens of rows: their arrays stay in a processor's cache
SHOWN_CHARACTERS = 60  # of a line in an error


def read_amat(
    file: BinaryIO, name: str, rows: int, other_rows: int = 0, transposed: bool = False
) -> tuple[Floats, Bytes]:
    """Return the images `(rows, 28, 28)` and classes `(rows,)` of an `.amat` file, with the title `name` in messages.

    With `transposed`, each image is transposed: some of the published sets are stored column by column.

    Raises:
        IntegrityError: the file holds a header, a web page, a row with too few or too many numbers, a word that is not
            a number, a pixel outside [0, 1], a class outside 0 to 9, or another number of rows. If it has
            `other_rows`, the message says that training and test are swapped.
    """
    images, labels = np.empty((rows, SIDE, SIDE), np.float32), np.empty(rows, np.uint8)
    received = 0
    for table in _parse_blocks(file, name):
        kept = table[: max(0, rows - received)]
        part = slice(received, received + len(kept))
        pixels, classes = kept[:, :PIXELS].reshape(-1, SIDE, SIDE), kept[:, PIXELS]
        images[part] = pixels.swapaxes(1, 2) if transposed else pixels
        known = (classes >= 0) & (classes < CLASSES) & (classes == np.floor(classes))
        if not (known.all() and images[part].min(initial=0) >= 0 and images[part].max(initial=1) <= 1):  # or NaN
            raise _explain_value(kept, known, name, received)
        labels[part] = classes
        received += len(table)
    if received != rows:
        swapped = " The other file of the two has so many: training and test are swapped."
        hint = swapped if received == other_rows > 0 else ""
        raise IntegrityError(f"{name}: expected {rows} rows; received {received}.{hint}")
    return images, labels


def _parse_blocks(file: BinaryIO, name: str) -> Iterator[Array]:
    """Yield the numbers of the file `(n, 785)`, some rows at a time; the next table overwrites each."""
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
    """Yield the file in blocks of whole lines; the next block overwrites each."""
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
                f"beginning with {_show(bytes(view[:SHOWN_CHARACTERS]))}."
            )
        held = filled - end
    if held:
        yield view[:held]


def _check_first_line(line: bytes, name: str) -> None:
    if line.lstrip().startswith(b"<"):
        raise IntegrityError(
            f"{name}: expected rows of numbers; received a web page, {_show(line)}. "
            "A failed download leaves such a file: fetch it again."
        )
    words = line.split()
    if not words or not any(_is_number(word) for word in words[:COLUMNS]) or line.lstrip().startswith(b"#"):
        raise IntegrityError(
            f"{name}: expected {COLUMNS} numbers in the first line; received a header, {_show(line)}. "
            "The published files have none: remove it."
        )


def _parse_lines(text: bytes, name: str, first_row: int) -> Array:
    """Return the numbers of lines in any notation `(n, 785)` float32."""
    lines = text.split(b"\n")
    if not lines[-1].strip():
        lines.pop()  # the empty rest after the last line
    try:
        table = np.loadtxt(lines, np.float32, comments=None, ndmin=2)
    except ValueError:
        table = None
    if table is None or table.shape != (len(lines), COLUMNS):  # numpy skips empty lines
        raise _explain_lines(lines, name, first_row)
    return table


def _explain_lines(lines: list[bytes], name: str, first_row: int) -> IntegrityError:
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


def _explain_value(table: Array, known: Array, name: str, first_row: int) -> IntegrityError:
    """Return the error about the first pixel or class out of range; `known` marks the rows with a class in range."""
    pixels = table[:, :PIXELS]
    row, column = np.argwhere(~np.column_stack([(pixels >= 0) & (pixels <= 1), known]))[0]
    expected = f"a class from 0 to {CLASSES - 1}" if column == PIXELS else "a pixel in [0, 1]"
    place = f"{name}: row {first_row + row + 1}, column {column + 1}"
    return IntegrityError(f"{place}: expected {expected}; received {table[row, column]:g}.")


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _show(text: bytes) -> str:
    return repr(text.strip()[:SHOWN_CHARACTERS].decode("utf-8", "backslashreplace"))
