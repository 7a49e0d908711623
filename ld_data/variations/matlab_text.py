"""Text in which all numbers are equally wide, `d.ddddddde-dd`, as MATLAB writes them: parsed by whole arrays.

Such text is a table of bytes, each line like the first but for its digits and the signs of its exponents. So a line of
zeros is taken off all lines at once: what is left are digits, and 0 elsewhere. Of each eight digits as one word, a
product and a shift turn all pairs into numbers below 100, two more pairs of these into numbers below 10,000, and a last
product those into one; each on all words of a block at once. If any byte is not where it should be, the text is for
another parser. The arrays between the operations are kept from block to block: to allocate them takes time, too.

A product with the inverse of a power of ten is faster than a quotient. Both are the same as float32 for each of the
10 ** 8 numbers of eight digits and each exponent that is read: all of them were compared.
"""

import re
from functools import cache

import numpy as np

NUMBER = re.compile(rb"\d\.\d{7}e[+-]\d\d")
ZERO, GREATEST = b"0.0000000e-00", b"\x09\0\x09\x09\x09\x09\x09\x09\x09\0\xfe\x09\x09"
WORD_OFFSET, EXPONENT_OFFSET = 1, 10  # of the dot and seven digits; of the exponent's sign and two digits
DIGITS_BEHIND_DOT = 7
PLUS = ord("+") - ord("-") & 0xFF  # what is left of a plus; of a minus nothing is
GREATEST_EXPONENT = 15  # up to 10 ** (7 + 15) powers are exact as float64


@cache
def _make_factors() -> np.ndarray:
    """Return what to multiply eight digits by, at what is left of an exponent's three bytes, as a number; else NaN."""
    factors = np.full(0x0A0A00, np.nan)
    for exponent in range(GREATEST_EXPONENT + 1):
        factors[exponent // 10 << 8 | exponent % 10 << 16] = 1 / 10.0 ** (DIGITS_BEHIND_DOT + exponent)
    factors[PLUS] = factors[0]
    return factors


def has_layout(line: bytes, columns: int) -> bool:
    """Return whether a line has that many numbers, all written equally wide and equally far apart, and an end."""
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
    """Turns blocks of lines into numbers, if they are laid out like a first one.

    Attributes:
        line_bytes: the length of every line.
    """

    def __init__(self, line: bytes, columns: int, block_bytes: int) -> None:
        """Take the first line, for which `has_layout` holds, and make room for blocks of up to so many bytes."""
        self.line_bytes = len(line)
        self._zeros = np.frombuffer(NUMBER.sub(ZERO, line), np.uint8)
        self._greatest = np.zeros(self.line_bytes, np.uint8)
        starts = [number.start() for number in NUMBER.finditer(line)]
        for start in starts:
            self._greatest[start : start + len(GREATEST)] = np.frombuffer(GREATEST, np.uint8)
        self._first, self._step = starts[0], starts[1] - starts[0]
        rows = block_bytes // self.line_bytes
        self._words, self._result = np.empty((rows, columns), np.int64), np.empty((rows, columns))

    def parse(self, block: memoryview) -> np.ndarray | None:
        """Return the numbers of whole lines `(n, columns)` float64, to be used before the next call.

        Cast to float32 they are correctly rounded. Returns None if any byte is not what the layout has in its place, or
        an exponent is not 0, or -1 to -15; then the block is as it was. Otherwise it is used up.
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

    def _parse_digits(self, left: np.ndarray) -> np.ndarray | None:
        """Return the numbers of lines that zeros were taken off, or None if an exponent is not in the table."""
        result = self._find_factors(left)
        np.multiply(self._join_digits(left), result, out=result)
        return None if np.isnan(result.max()) else result

    def _view(self, left: np.ndarray, offset: int, dtype: str) -> np.ndarray:
        """Return what is `offset` bytes behind the start of each number, `(n, columns)`, without a copy."""
        shape = (len(left), self._words.shape[1])
        return np.ndarray(shape, dtype, left, self._first + offset, (self.line_bytes, self._step))

    def _find_factors(self, left: np.ndarray) -> np.ndarray:
        """Return what to multiply the eight digits of each number by, NaN where its exponent is not in the table."""
        words, factors = self._words[: len(left)], self._result[: len(left)]
        words[...] = self._view(left, EXPONENT_OFFSET, "<u4")  # its last byte is of what is between numbers: 0
        return _make_factors().take(words, out=factors, mode="clip")

    def _join_digits(self, left: np.ndarray) -> np.ndarray:
        """Return the eight digits of each number as one, int32."""
        words = self._words[: len(left)]
        words[...] = self._view(left, WORD_OFFSET, "<i8")
        words.view(np.uint8)[:, ::8] = self._view(left, 0, "u1")  # the first digit takes the dot's place
        for lane, bits, tens in ((np.uint16, 8, 10), (np.uint32, 16, 100)):
            halves = words.view(lane)  # the earlier digits are the lower half of each
            np.multiply(halves, lane(1 + (tens << bits)), out=halves)  # the upper is tens * lower + upper by now
            np.right_shift(halves, lane(bits), out=halves)
        np.multiply(words, 1 + (10_000 << 32), out=words)
        return words.view(np.int32)[:, 1::2]  # the upper half
