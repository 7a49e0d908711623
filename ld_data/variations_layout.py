"""Text in which all numbers are equally wide, `d.ddddddde-dd`, as MATLAB writes them: parsed by whole arrays.

Such text is a table of bytes. Four operations turn pairs of digits into numbers below 100, four more pairs of those
into numbers below 10,000, each on all numbers of a block at once, and on lanes as narrow as the numbers need, which
lets numpy use a processor's vectors. Every byte is checked on the way; if one is not where it should be, the text is
for another parser. The arrays between the operations are kept from block to block: to allocate them takes time, too.
"""

import re
from dataclasses import dataclass

import numpy as np

NUMBER = re.compile(rb"\d\.\d{7}e[+-]\d\d")
NUMBER_BYTES = 13
WORD_OFFSET, EXPONENT_OFFSET = 1, 9  # of the dot and seven digits; of the e, the sign and two digits
DIGITS_BEHIND_DOT = 7
GREATEST_EXPONENT = 15  # up to 10 ** (7 + 15) powers are exact as float64, so that a quotient is rounded once


def _read_word(text: str) -> int:
    """Return the characters as the number that they are in memory."""
    return int.from_bytes(text.encode(), "little")


def _make_divisors() -> np.ndarray:
    """Return what to divide eight digits by, at the two digits of the negative exponent as a word; NaN elsewhere."""
    divisors = np.full(1 << 16, np.nan)
    for exponent in range(GREATEST_EXPONENT + 1):
        divisors[_read_word(f"{exponent:02}")] = 10.0 ** (DIGITS_BEHIND_DOT + exponent)
    return divisors


DIVISORS = _make_divisors()
MINUS, PLUS_ZERO = np.uint32(_read_word("e-")), np.uint32(_read_word("e+00"))
ZERO_DOT = np.uint16(_read_word("0."))
ZEROS = np.uint64(_read_word(".0000000"))


@dataclass(frozen=True)
class Layout:
    """Where the numbers of a line are.

    Attributes:
        columns: numbers in a line.
        margin: spaces before the first.
        gap: spaces between two.
        end: of the line.
    """

    columns: int
    margin: int
    gap: int
    end: bytes

    @property
    def line_bytes(self) -> int:
        """The length of every line."""
        return self.margin + self.columns * (NUMBER_BYTES + self.gap) - self.gap + len(self.end)

    def view(self, block: memoryview, offset: int, dtype: str) -> np.ndarray:
        """Return what is `offset` bytes behind the start of each number of whole lines, `(n, columns)`, uncopied."""
        strides = (self.line_bytes, NUMBER_BYTES + self.gap)
        return np.ndarray((len(block) // self.line_bytes, self.columns), dtype, block, self.margin + offset, strides)

    def is_blank_between(self, block: memoryview) -> bool:
        """Return whether between the numbers of whole lines there are spaces and ends of lines, and nothing else."""
        lines = np.frombuffer(block, np.uint8).reshape(-1, self.line_bytes)
        first, step = self.margin + NUMBER_BYTES, self.gap + NUMBER_BYTES
        gaps = [lines[:, first + place :: step][:, : self.columns - 1] for place in range(self.gap)]
        ends = lines[:, -len(self.end) :] == np.frombuffer(self.end, np.uint8)
        return bool(ends.all()) and all(bool((part == ord(" ")).all()) for part in (lines[:, : self.margin], *gaps))


def find_layout(line: bytes, columns: int) -> Layout | None:
    """Return the layout of a line with its end, if its numbers are `columns` and written equally wide, else None."""
    text = line.rstrip(b"\r\n")
    words = text.split()
    if len(words) != columns or len(text) == len(line) or not all(NUMBER.fullmatch(word) for word in words):
        return None
    margin = len(text) - len(text.lstrip())
    gap, rest = divmod(len(text) - margin - columns * NUMBER_BYTES, columns - 1)
    return None if rest else Layout(columns, margin, gap, line[len(text) :])


class LayoutParser:
    """Turns blocks of lines of one layout into numbers.

    Attributes:
        layout: of the lines.
    """

    def __init__(self, layout: Layout, block_bytes: int) -> None:
        """Make room for blocks of up to that length."""
        self.layout = layout
        shape = (block_bytes // layout.line_bytes, layout.columns)
        self._words, self._first = np.empty(shape, np.uint64), np.empty(shape, np.uint16)
        self._exponents, self._index = np.empty(shape, np.uint32), np.empty(shape, np.intp)
        self._spare, self._numbers, self._divisors = np.empty(shape, np.uint64), np.empty(shape), np.empty(shape)
        self._result = np.empty(shape, np.float32)

    def parse(self, block: memoryview) -> np.ndarray | None:
        """Return the numbers of whole lines `(n, columns)` float32, correctly rounded, to be used before the next call.

        Returns None if any byte is not what the layout has in its place, or an exponent is not 0, or -1 to -15.
        """
        rows, rest = divmod(len(block), self.layout.line_bytes)
        if rest or not self.layout.is_blank_between(block):
            return None
        digits = self._read_digits(block, rows)
        divisors = self._read_divisors(block, rows)
        if digits is None or divisors is None:
            return None
        np.divide(digits, divisors, out=digits)
        self._result[:rows] = digits
        return self._result[:rows]

    def _read_digits(self, block: memoryview, rows: int) -> np.ndarray | None:
        """Return the eight digits of each number as float64, or None if there is something else in their place."""
        words, first, spare, numbers = (part[:rows] for part in (self._words, self._first, self._spare, self._numbers))
        words[...] = self.layout.view(block, WORD_OFFSET, "<u8")
        first[...] = self.layout.view(block, 0, "<u2")
        np.subtract(first, ZERO_DOT, out=first)  # the first digit, if that is one and a dot follows
        np.subtract(words, ZEROS, out=words)
        np.add(words, first, out=words)  # the first digit takes the dot's place
        if first.max() > 9 or words.view(np.uint8).max() > 9:
            return None
        pairs, halves = words.view(np.uint16), spare.view(np.uint16)  # the earlier digit is the lower byte
        np.right_shift(pairs, np.uint16(8), out=halves)
        np.bitwise_and(pairs, np.uint16(0xFF), out=pairs)
        np.multiply(pairs, np.uint16(10), out=pairs)
        np.add(pairs, halves, out=pairs)
        fours, halves = words.view(np.uint32), spare.view(np.uint32)
        np.right_shift(fours, np.uint32(16), out=halves)
        np.bitwise_and(fours, np.uint32(0xFFFF), out=fours)
        np.multiply(fours, np.uint32(100), out=fours)
        np.add(fours, halves, out=fours)
        np.multiply(fours[:, ::2], 1e4, out=numbers)
        return np.add(numbers, fours[:, 1::2], out=numbers)

    def _read_divisors(self, block: memoryview, rows: int) -> np.ndarray | None:
        """Return what to divide the digits of each number by, or None if an exponent is not in the table."""
        exponents, index, divisors = self._exponents[:rows], self._index[:rows], self._divisors[:rows]
        exponents[...] = self.layout.view(block, EXPONENT_OFFSET, "<u4")
        if not (((exponents & np.uint32(0xFFFF)) == MINUS) | (exponents == PLUS_ZERO)).all():
            return None
        np.right_shift(exponents, np.uint32(16), out=exponents)
        index[...] = exponents
        DIVISORS.take(index, out=divisors, mode="clip")  # every word of two bytes is in the table
        return None if np.isnan(divisors.max()) else divisors
