"""Hashes of files and of arrays."""

import hashlib
from pathlib import Path

import numpy as np

from ld_data.typing import Array


def hash_file(path: Path, algorithm: str = "sha256") -> str:
    """Return the hexadecimal hash of a file, the sha256 or another of hashlib, in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def hash_array(array: Array) -> str:
    """Return the sha256 of an array's elements as little-endian bytes in C order; shape and dtype do not count."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(little.data).hexdigest()


def hash_arrays(*arrays: Array) -> str:
    """Return the sha256 over the hexadecimal sha256 of each array, in their order."""
    return hash_array(np.array([hash_array(array) for array in arrays]).astype("S64"))
