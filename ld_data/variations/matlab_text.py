"""Text of equally wide numbers, `d.ddddddde-dd`, as MATLAB writes them, parsed by whole arrays.

Such text is a table of bytes: lines differ only in their digits and in the signs of exponents. The parser subtracts a
line of zeros from all lines at once, which leaves digits, and 0 elsewhere. It reads each eight digits as one word; one
product and one shift turn all pairs of digits into numbers below 100, a second pair of operations turns those into
numbers below 10,000, and a last product joins these; each on all words of a block at once. If any byte is out of place,
another parser reads the block. The arrays between the operations are kept from block to block, since allocating them
takes time, too.

A product with the inverse of a power of ten is faster than a quotient. The two are equal as float32 for all 10 ** 8
numbers of eight digits and every accepted exponent: all of them were compared.

Written by hand: numpy's parser takes several times as long for the 49 million numbers of a set.
"""

import re
from functools import cache

import numpy as np

from ld_data.typing import Array, Bytes, Doubles

NUMBER = re.compile(rb"\d\.\d{7}e[+-]\d\d")
ZERO, GREATEST = b"0.0000000e-00", b"\x09\0\x09\x09\x09\x09\x09\x09\x09\0\xfe\x09\x09"
WORD_OFFSET, EXPONENT_OFFSET = 1, 10  # of the dot and seven digits; of the exponent's sign and two digits
DIGITS_BEHIND_DOT = 7
PLUS = ord("+") - ord("-") & 0xFF  # the difference of a plus; that of a minus is 0
GREATEST_EXPONENT = 15  # up to 10 ** (7 + 15) powers are exact as float64


@cache
def _make_factors() -> Doubles:
    """Return factors of eight digits by the three bytes of the exponent after subtraction; other factors are NaN."""
    factors = np.full(0x0A0A00, np.nan)
    for exponent in range(GREATEST_EXPONENT + 1):
        factors[exponent // 10 << 8 | exponent % 10 << 16] = 1 / 10.0 ** (DIGITS_BEHIND_DOT + exponent)
    factors[PLUS] = factors[0]
    return factors


def has_layout(line: bytes, columns: int) -> bool:
    """Return whether a whole line has that many numbers, all equally wide and equally far apart."""
    numbers = list(NUMBER.finditer(line))
    starts = np.array([number.start() for number in numbers])
    blank = NUMBER.sub(b"", line)
    return (
        len(numbers) == columns > 1
        and len(set(np.diff(starts))) == 1
        and not blank.strip()
        and blank.endswith(b"\n")
        and len(line.split()) == columns
    )


class LayoutParser:
    """Turns blocks of lines into numbers if they have the layout of a first line."""

    def __init__(self, line: bytes, columns: int, block_bytes: int) -> None:
        """Take the first line, for which `has_layout` holds, and make room for blocks of up to `block_bytes`."""
        self.line_bytes = len(line)
        self._zeros = np.frombuffer(NUMBER.sub(ZERO, line), np.uint8)
        self._greatest = np.zeros(self.line_bytes, np.uint8)
        starts = [number.start() for number in NUMBER.finditer(line)]
        for start in starts:
            self._greatest[start : start + len(GREATEST)] = np.frombuffer(GREATEST, np.uint8)
        self._first, self._step = starts[0], starts[1] - starts[0]
        rows = block_bytes // self.line_bytes
        self._words, self._result = np.empty((rows, columns), np.int64), np.empty((rows, columns))

    def parse(self, block: memoryview) -> Doubles | None:
        """Return the numbers of whole lines `(n, columns)` float64, which the next call overwrites.

        Cast to float32 they are correctly rounded. Returns None if any byte does not fit the layout, or an exponent is
        not from -15 to 0; then the block is unchanged. Otherwise its bytes are overwritten.
        """
        rows, rest = divmod(len(block), self.line_bytes)
        if rest:
            return None
        lines = np.frombuffer(block, np.uint8).reshape(rows, self.line_bytes)
        np.subtract(lines, self._zeros, out=lines)
        numbers = None if (lines.max(axis=0) > self._greatest).any() else self._parse_digits(lines)
        if numbers is None:
            np.add(lines, self._zeros, out=lines)
        return numbers

    def _parse_digits(self, left: Bytes) -> Doubles | None:
        """Return the numbers of lines minus the line of zeros, or None if an exponent is not in the table."""
        words, result = self._words[: len(left)], self._result[: len(left)]
        words[...] = self._view(left, EXPONENT_OFFSET, "<u4")  # the last byte lies between two numbers: 0
        _make_factors().take(words, out=result, mode="clip")
        np.multiply(self._join_digits(left), result, out=result)
        return None if np.isnan(result.max()) else result

    def _view(self, left: Bytes, offset: int, dtype: str) -> Array:
        """Return the values `offset` bytes after the start of each number, `(n, columns)`, without a copy."""
        shape = (len(left), self._words.shape[1])
        return np.ndarray(shape, dtype, left, self._first + offset, (self.line_bytes, self._step))

    def _join_digits(self, left: Bytes) -> Array:
        """Return the eight digits of each number as one, int32."""
        words = self._words[: len(left)]
        words[...] = self._view(left, WORD_OFFSET, "<i8")
        words.view(np.uint8)[:, ::8] = self._view(left, 0, "u1")  # the first digit replaces the dot
        for lane, bits, tens in ((np.uint16, 8, 10), (np.uint32, 16, 100)):
            halves = words.view(lane)  # the earlier digits are the lower half of each
            np.multiply(halves, lane(1 + (tens << bits)), out=halves)  # the upper half is now tens * lower + upper
            np.right_shift(halves, lane(bits), out=halves)
        np.multiply(words, 1 + (10_000 << 32), out=words)
        return words.view(np.int32)[:, 1::2]  # the upper half
