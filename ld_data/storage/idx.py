"""The IDX format of the original MNIST files: big-endian magic number, lengths, then bytes.

Written by hand: no library of the light core reads IDX, and a download needs every length checked.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.typing import Bytes

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
MAX_BYTES = 1 << 30


def read_idx(path: Path, most_bytes: int = MAX_BYTES) -> Bytes:
    """Return the uint8 array of an IDX file, gzipped or not; raise `IntegrityError` if it is none, or damaged.

    At most so many unpacked bytes are read: a longer file is refused, too.
    """
    content = _read_content(path, most_bytes)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise IntegrityError(f"{path}: expected an IDX file of unsigned bytes; received {content[:16]!r}... .")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise IntegrityError(f"{path}: expected a header of {header} bytes; received {len(content)} bytes in all.")
    shape = struct.unpack(f">{content[3]}I", content[4:header])
    if len(content) == most_bytes:
        raise IntegrityError(f"{path}: expected fewer than {most_bytes} bytes, unpacked; it has as many or more.")
    if math.prod(shape) != len(content) - header:
        raise IntegrityError(
            f"{path}: expected {math.prod(shape)} bytes for shape {shape}; received {len(content) - header}. "
            "The file is damaged: delete it, and fetch it again."
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def write_idx(array: Bytes) -> bytes:
    """Return the IDX bytes of a uint8 array; MNIST's published hashes are those of IDX bytes."""
    header = struct.pack(">BBBB", 0, 0, UNSIGNED_BYTE, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + np.ascontiguousarray(array, np.uint8).tobytes()


def _read_content(path: Path, most_bytes: int) -> bytes:
    with path.open("rb") as file:
        is_zipped = file.read(2) == GZIP_MAGIC
    try:
        with gzip.open(path) if is_zipped else path.open("rb") as file:
            return file.read(most_bytes)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise IntegrityError(
            f"{path}: expected a whole gzip file; received a damaged one ({error}). Delete it, so that it is fetched "
            "again."
        ) from error
