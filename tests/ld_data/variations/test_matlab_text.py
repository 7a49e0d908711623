import numpy as np
import pytest

from ld_data.variations.matlab_text import LayoutParser, has_layout
from tests.support.amats import make_rows, parse_slowly, write_lines

LINES = b" 1.2345678e-01   0.0000000e+00   9.9999999e-15\n 1.0000000e+00   9.8765432e-10   3.0000000e+00\n"


def parse(block, line=LINES[:47], columns=3):
    assert has_layout(line, columns)
    table = LayoutParser(line, columns, len(block)).parse(memoryview(bytearray(block)))
    return None if table is None else table.astype(np.float32)


def test_numbers_are_those_that_python_reads():
    expected = [[0.12345678, 0, 9.9999999e-15], [1, 9.8765432e-10, 3]]
    assert np.array_equal(parse(LINES), np.array(expected, np.float32))


def test_every_number_of_eight_digits_is_rounded_once():
    content = write_lines(make_rows(40), "single spaces")
    line = content[: content.find(b"\n") + 1]
    assert np.array_equal(parse(content, line, 785), parse_slowly(content))


@pytest.mark.slow
@pytest.mark.parametrize("exponent", range(16))
def test_a_product_with_a_power_of_ten_is_rounded_as_the_number_itself(exponent):
    digits = np.random.default_rng(exponent).integers(0, 10**8, 20_000)
    words = [b"%d.%07de-%02d" % (*divmod(number, 10**7), exponent) for number in digits.tolist()]
    content = b" ".join(words) + b"\n"
    assert np.array_equal(parse(content, content, len(words))[0], np.array([float(word) for word in words], np.float32))


@pytest.mark.parametrize("gap", [b" ", b"   ", b"\t"])
@pytest.mark.parametrize("margin", [b"", b"  "])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" \n"])
def test_any_blanks_may_separate_the_numbers(gap, margin, end):
    rows = [[b"%d.0000000e-01" % number, b"2.0000000e-01"] for number in (3, 4)]
    lines = [margin + gap.join(row) + end for row in rows]
    assert parse(b"".join(lines), lines[0], 2) == pytest.approx(np.array([[0.3, 0.2], [0.4, 0.2]]))


@pytest.mark.parametrize(
    "line",
    [
        b"0 0.1 1\n",
        b"1.2345678e-01 1.2345678e-01\n",
        b"1.2345678e-01 1.2345678e-01 3\n",
        b"\n",
        LINES[:46],
        b"1.2345678e-01 1.2345678e-01  1.2345678e-01\n",
        b"1.2345678e-01 1.2345678e-01 11.2345678e-01\n",
        b"1.2345678e-01,1.2345678e-01,1.2345678e-01\n",
        b"1.2345678e-011.2345678e-011.2345678e-01\n",
    ],
)
def test_a_line_of_another_kind_has_no_layout(line):
    assert not has_layout(line, 3)


def test_a_letter_is_refused_wherever_it_is():
    damaged = {place: LINES[:place] + b"x" + LINES[place + 1 :] for place in range(len(LINES))}
    assert [place for place, block in damaged.items() if parse(block) is not None] == []


def test_a_flipped_bit_is_refused_or_gives_the_number_that_python_reads():
    offenders, parsed = [], 0
    for place in range(len(LINES) // 2):
        for bit in range(8):
            damaged = bytearray(LINES)
            damaged[place] ^= 1 << bit
            table = parse(bytes(damaged))
            parsed += table is not None
            if table is not None and not np.array_equal(table, parse_slowly(damaged)):
                offenders.append((place, bit))
    assert offenders == []
    assert parsed > 50  # of flips that turn a digit into another


def test_a_block_for_another_parser_is_unchanged():
    block = bytearray(LINES.replace(b"9.8", b"9,8"))
    assert LayoutParser(LINES[:47], 3, 94).parse(memoryview(block)) is None
    assert block == LINES.replace(b"9.8", b"9,8")


def test_half_a_line_is_not_parsed():
    assert parse(LINES[:60]) is None
