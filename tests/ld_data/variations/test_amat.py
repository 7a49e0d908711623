import io

import numpy as np
import pytest

from ld_data.errors import IntegrityError
from ld_data.variations.amat import read_amat
from tests.support.amats import NOTATIONS, PIXELS, make_rows, parse_slowly, write_lines

ROWS = 30


@pytest.fixture(params=[1 << 15, 1 << 19])
def _blocks(request, monkeypatch):
    """Blocks of two rows, and of all rows."""
    monkeypatch.setattr("ld_data.variations.amat.BLOCK_BYTES", request.param)


def read(content, rows=ROWS, **options):
    return read_amat(io.BytesIO(content), "f.amat", rows, **options)


@pytest.mark.usefixtures("_blocks")
class TestReadAmat:
    @pytest.mark.parametrize("notation", NOTATIONS)
    @pytest.mark.parametrize("cut", [0, 1])
    def test_any_notation_gives_the_numbers_of_the_obvious_parser(self, notation, cut):
        """With and without an end of the last line."""
        content = write_lines(make_rows(ROWS), notation)
        content = content[: len(content) - cut * len(NOTATIONS[notation][3])]
        (images, labels), expected = read(content), parse_slowly(content)
        assert (images.dtype, labels.dtype) == (np.float32, np.uint8)
        assert np.array_equal(images.reshape(ROWS, PIXELS), expected[:, :PIXELS])
        assert np.array_equal(labels, expected[:, PIXELS])

    @pytest.mark.parametrize("notation", ["matlab", "single spaces", "carriage returns"])
    def test_numbers_of_one_width_take_the_fast_way(self, notation, monkeypatch):
        monkeypatch.delattr("ld_data.variations.amat._parse_lines")
        read(write_lines(make_rows(ROWS), notation))

    def test_notations_may_change_within_a_file(self):
        table = make_rows(ROWS)
        content = write_lines(table[:7]) + write_lines(table[7:20], "short") + write_lines(table[20:])
        assert np.array_equal(read(content)[0].reshape(ROWS, PIXELS), parse_slowly(content)[:, :PIXELS])

    def test_images_stored_by_columns_are_transposed(self):
        content = write_lines(make_rows(ROWS))
        assert np.array_equal(read(content, transposed=True)[0], read(content)[0].transpose(0, 2, 1))

    @pytest.mark.parametrize("notation", ["matlab", "short"])
    def test_a_short_row_is_named(self, notation):
        lines = write_lines(make_rows(ROWS), notation).splitlines(keepends=True)
        lines[16] = lines[16].rstrip().rpartition(b" ")[0] + b"\n"
        with pytest.raises(IntegrityError, match=r"f\.amat: row 17: expected 785 numbers.* received 784"):
            read(b"".join(lines))

    def test_a_short_row_before_a_long_one_is_named(self):
        lines = write_lines(make_rows(ROWS)).splitlines()
        start, _, last = lines[4].rpartition(b" ")
        lines[4], lines[5] = start, last + b" " + lines[5]
        with pytest.raises(IntegrityError, match=r"row 5: expected 785 numbers.* received 784"):
            read(b"\n".join(lines))

    def test_a_file_that_is_cut_off_names_the_row_it_ends_in(self):
        content = write_lines(make_rows(ROWS))
        with pytest.raises(IntegrityError, match=r"row 30: expected 785 numbers.* received 39"):
            read(content[: -len(content) // ROWS // 2])

    def test_an_empty_line_is_a_short_row(self):
        lines = write_lines(make_rows(ROWS)).splitlines()
        lines.insert(3, b"")
        with pytest.raises(IntegrityError, match=r"row 4: expected 785 numbers.* received 0"):
            read(b"\n".join(lines), ROWS + 1)

    @pytest.mark.parametrize(("row", "notation"), [(0, "matlab"), (22, "matlab"), (22, "full")])
    def test_a_word_that_is_not_a_number_is_named(self, row, notation):
        lines = write_lines(make_rows(ROWS), notation).splitlines()
        lines[row] = lines[row].replace(lines[row].split()[2], b"0.x")
        with pytest.raises(IntegrityError, match=rf"row {row + 1}, column 3: expected a number; received '0\.x'"):
            read(b"\n".join(lines))

    @pytest.mark.parametrize("value", [1.5, -0.25, np.nan, np.inf])
    def test_a_pixel_outside_its_range_is_named(self, value):
        table = make_rows(ROWS)
        table[8, 100] = value
        with pytest.raises(IntegrityError, match=rf"row 9, column 101: expected a pixel in \[0, 1\]; received {value}"):
            read(write_lines(table))

    @pytest.mark.parametrize("value", [10, -1, 2.5, np.nan])
    def test_a_class_outside_its_range_is_named(self, value):
        table = make_rows(ROWS)
        table[8, PIXELS] = value
        with pytest.raises(IntegrityError, match=f"row 9, column 785: expected a class from 0 to 9; received {value}"):
            read(write_lines(table))

    @pytest.mark.parametrize("header", [b"#size: 30 785", b"pixel1 pixel2 label", b"%%MatrixMarket matrix", b""])
    def test_a_header_is_recognised(self, header):
        with pytest.raises(IntegrityError, match="expected 785 numbers in the first line; received a header, "):
            read(header + b"\n" + write_lines(make_rows(ROWS)))

    def test_a_web_page_is_recognised(self):
        with pytest.raises(IntegrityError, match=r"received a web page, '<!DOCTYPE html>'.*failed download"):
            read(b"<!DOCTYPE html>\n<title>404 Not Found</title>\n")

    @pytest.mark.parametrize(("rows", "words"), [(ROWS - 1, "received 29."), (ROWS + 1, "received 31.")])
    def test_another_number_of_rows_is_refused(self, rows, words):
        with pytest.raises(IntegrityError, match=f"expected 30 rows; {words}$"):
            read(write_lines(make_rows(rows)), other_rows=12)

    def test_the_rows_of_the_other_file_are_recognised(self):
        with pytest.raises(IntegrityError, match=r"expected 30 rows; received 12.*training and test are swapped"):
            read(write_lines(make_rows(12)), other_rows=12)

    def test_an_empty_file_has_no_rows(self):
        with pytest.raises(IntegrityError, match="expected 30 rows; received 0"):
            read(b"")


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr("ld_data.variations.amat.BLOCK_BYTES", 1 << 15)
    with pytest.raises(IntegrityError, match=r"received 32768 bytes without an end of a line.*\\x00"):
        read(bytes(1 << 16))
