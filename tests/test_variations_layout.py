import numpy as np
import pytest

from ld_data.variations_layout import LayoutParser, find_layout
from tests.amats import make_rows, parse_slowly, write_lines

LINES = b" 1.2345678e-01   0.0000000e+00   9.9999999e-15\n 1.0000000e+00   9.8765432e-10   3.0000000e+00\n"


def parse(block, line=None):
    layout = find_layout(line or block[: block.find(b"\n") + 1], 3)
    return LayoutParser(layout, len(block)).parse(memoryview(block))


def test_numbers_are_those_that_python_reads():
    expected = [[0.12345678, 0, 9.9999999e-15], [1, 9.8765432e-10, 3]]
    assert np.array_equal(parse(LINES), np.array(expected, np.float32))


def test_every_number_of_eight_digits_is_rounded_once():
    content = write_lines(make_rows(40), "single spaces")
    layout = find_layout(content[: content.find(b"\n") + 1], 785)
    whole = content[: len(content) // layout.line_bytes * layout.line_bytes]
    assert np.array_equal(LayoutParser(layout, len(whole)).parse(memoryview(whole)), parse_slowly(whole))


def test_the_layout_of_a_line():
    layout = find_layout(LINES[:47], 3)
    assert (layout.margin, layout.gap, layout.end, layout.line_bytes) == (1, 3, b"\n", 47)


@pytest.mark.parametrize(
    "line",
    [b"0 0.1 1\n", b"1.2345678e-01 1.2345678e-01\n", b"1.2345678e-01 1.2345678e-01 3\n", b"\n", LINES[:46]],
)
def test_a_line_of_another_kind_has_no_layout(line):
    assert find_layout(line, 3) is None


@pytest.mark.parametrize("place", range(len(LINES)))
def test_a_byte_that_is_out_of_place_is_noticed_wherever_it_is(place):
    """For each byte: a letter in its place is never taken for a number."""
    damaged = LINES[:place] + b"x" + LINES[place + 1 :]
    assert parse(damaged, LINES[:47]) is None


@pytest.mark.parametrize("place", range(47))
@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_noticed_or_gives_what_python_reads(place, bit):
    damaged = bytearray(LINES)
    damaged[place] ^= 1 << bit
    table = parse(bytes(damaged), LINES[:47])
    if table is not None:
        assert np.array_equal(table, parse_slowly(damaged))


def test_half_a_line_is_not_parsed():
    assert parse(LINES[:60], LINES[:47]) is None
