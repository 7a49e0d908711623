"""Hashes of files and of arrays."""

import hashlib
from pathlib import Path

import numpy as np

CHUNK_BYTES = 1 << 20


def hash_file(path: Path, algorithm: str = "sha256") -> str:
    """Return the hash of a file, the sha256 or another of hashlib, in hexadecimal digits and in constant memory."""
    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def hash_array(array: np.ndarray) -> str:
    """Return the sha256 of an array's elements in C order and little-endian bytes: shape and dtype do not enter."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(little.data).hexdigest()


def hash_arrays(*arrays: np.ndarray) -> str:
    """Return the sha256 over the hexadecimal sha256 of each array, in their order."""
    return hash_array(np.array([hash_array(array) for array in arrays]).astype("S64"))
