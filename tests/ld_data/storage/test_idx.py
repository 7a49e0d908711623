import gzip

import numpy as np
import pytest

from ld_data.errors import IntegrityError
from ld_data.storage.idx import read_idx, write_idx

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_round_trip(tmp_path, pack):
    (tmp_path / "a").write_bytes(pack(write_idx(ARRAY)))
    assert np.array_equal(read_idx(tmp_path / "a"), ARRAY)


def test_a_file_that_is_too_long_is_not_called_damaged(tmp_path):
    (tmp_path / "a").write_bytes(write_idx(ARRAY))
    with pytest.raises(IntegrityError, match="expected fewer than 40 bytes, unpacked; it has as many or more"):
        read_idx(tmp_path / "a", 40)
    assert np.array_equal(read_idx(tmp_path / "a", 41), ARRAY)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "IDX file"),
        (b"<html>not found</html>", "IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "unsigned bytes"),
        (b"\0\0\x08\x03\0\0", "header"),
        (write_idx(ARRAY)[:-1], "expected 24 bytes"),
        (write_idx(ARRAY) + b"x", "received 25"),
        (gzip.compress(write_idx(ARRAY))[:-9], "whole gzip file"),
    ],
    # Explicit names: gzip bytes hold the time of their creation, and a test's name must not change.
    ids=["empty", "page", "floats", "header", "short", "long", "cut-gzip"],
)
def test_a_damaged_file_is_refused(tmp_path, content, reason):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(IntegrityError, match=reason):
        read_idx(tmp_path / "a")
