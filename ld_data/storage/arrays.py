"""Arrays without pickle: `.npz` archives with reproducible bytes, and `.npy` bytes.

`.npy` is read by hand: `numpy.load` copies the values, allocates the declared size before it compares that with the
bytes, and parses the header of every small request anew.
"""

import io
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ld_data.errors import InputError, IntegrityError
from ld_data.typing import Array

MAX_ARRAY_BYTES = 4 << 30
MAX_REASON = 200  # characters of numpy's own words in an error
ZIP_MAGIC = b"PK\x03\x04"
NPY_MAGIC = np.lib.format.MAGIC_PREFIX
NPZ_DATE = (1980, 1, 1, 0, 0, 0)  # of each array in an archive, so that the bytes depend on values alone
# Exceptions of zipfile, zlib and numpy for damaged archives, found by flipping every bit of several archives. A header
# that declares more than memory holds raises a MemoryError: the archive itself has at most `MAX_ARRAY_BYTES`.
_PARSING = (ValueError, EOFError, KeyError, RuntimeError, MemoryError, tokenize.TokenError)
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, *_PARSING)


def read_npz(file: Path | io.BufferedIOBase, path: object = None) -> dict[str, Array]:
    """Return the arrays of an `.npz` file by name; `path` names an open file in errors.

    Raises:
        IntegrityError: the file is damaged, holds Python objects (reading them would unpickle them), or declares more
            than 4 GiB.
        FileNotFoundError: there is no such file.
        PermissionError: the file may not be read.
    """
    path = path or file
    try:
        with zipfile.ZipFile(file) as archive:
            declared = sum(entry.file_size for entry in archive.infolist())
        if declared > MAX_ARRAY_BYTES:
            raise IntegrityError(f"{path}: expected at most {MAX_ARRAY_BYTES} bytes of arrays; declares {declared}.")
        if not isinstance(file, Path):
            file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays.files}  # numpy leaves other entries as bytes
    except (FileNotFoundError, PermissionError):
        raise
    except _DAMAGE as error:
        raise IntegrityError(
            f"{path}: expected an .npz archive of plain numeric arrays; could not read it ({error}). "
            "If it was downloaded, fetch it again; if it holds Python objects, save plain arrays instead."
        ) from error


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as an uncompressed `.npz` file; its bytes depend on names and values alone."""
    little = {name: array.astype(array.dtype.newbyteorder("<"), copy=False) for name, array in arrays.items()}
    np.savez(path, allow_pickle=False, **little)


def read_npy(content: bytes) -> Array:
    """Return the array of `.npy` bytes, read-only: it shares their memory.

    Raises:
        InputError: the bytes are not `.npy` of version 1.0 or 2.0, are truncated or too long, or hold Python objects.
    """
    if content.startswith(ZIP_MAGIC):
        raise InputError("expected .npy bytes; received a zip file, such as .npz. Save one array with numpy.save.")
    length_bytes = 2 if content[6:8] == b"\x01\x00" else 4
    start = 8 + length_bytes + int.from_bytes(content[8 : 8 + length_bytes], "little")
    try:
        shape, order, dtype, declared = _read_npy_header(content[:start])
        if declared != (received := len(content) - start):
            raise InputError(f"the .npy header declares {declared} bytes of {dtype} {shape}; received {received}.")
        return np.ndarray(shape, dtype, content, start, order=order)
    except InputError:
        raise
    except (ValueError, EOFError, OverflowError, SyntaxError, TypeError, tokenize.TokenError) as error:
        reason = str(error).partition("\n")[0][:MAX_REASON]  # numpy repeats the whole header
        raise InputError(f"expected .npy bytes as numpy.save writes them; could not read them ({reason}).") from error


@lru_cache(maxsize=64)  # parsing a header takes longer than all the rest of a small array
def _read_npy_header(header: bytes) -> tuple[tuple[int, ...], Literal["C", "F"], np.dtype[Any], int]:
    """Return the shape, the order, the type and the bytes of the values."""
    stream = io.BytesIO(header)
    version = np.lib.format.read_magic(stream)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise InputError(f"expected .npy format version 1.0 or 2.0; received {version}.")
    try:
        shape, is_fortran, dtype = readers[version](stream)
    except (MemoryError, RecursionError) as error:  # Python's parser raises these for deeply nested text
        raise InputError("expected .npy bytes; the header of these is nested too deeply.") from error
    if dtype.hasobject:
        raise InputError("expected a numeric .npy array; received Python objects, which are never unpickled.")
    return shape, "F" if is_fortran else "C", dtype, prod(shape) * dtype.itemsize


def write_npy(array: Array) -> bytes:
    """Return the `.npy` bytes of an array, version 1.0, in C order and little-endian; raises as `write_npy_header`."""
    return write_npy_header(array.shape, array.dtype) + write_values(array)


@lru_cache(maxsize=64)
def write_npy_header(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """Return the first part of the `.npy` bytes of an array, which `write_values` follow; refuses Python objects."""
    if dtype.hasobject:
        raise InputError("expected an array of numbers; received Python objects, which are never pickled.")
    stream = io.BytesIO()
    header = {"descr": np.lib.format.dtype_to_descr(dtype.newbyteorder("<")), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def write_values(array: Array) -> bytes:
    """Return the values of an array in C order and little-endian; the joined values of its parts are the same."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
