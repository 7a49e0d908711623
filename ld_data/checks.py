"""Checks of what a caller passed; each returns the value, or raises `InputError`."""

import operator
from typing import Any

import numpy as np

from ld_data.errors import InputError

GREATEST_VALUE = 1e6  # of vectors and signals: far beyond all that means anything, and safe from overflow


def check_vectors(values: object, width: int, name: str = "vectors") -> np.ndarray:
    """Return `values` as a `(n, width)` float32 array with n of 1 or more and only finite numbers.

    Raises `InputError` that says what was expected and what came.
    """
    array = check_numbers(values, name)
    if array.ndim != 2 or array.shape[1] != width or not len(array):
        raise InputError(f"{name} must have shape (n, {width}) with n of 1 or more; {describe_shape(array, (width,))}")
    with np.errstate(over="ignore"):  # what overflows float32 becomes infinite and is refused below
        return check_finite(array.astype(np.float32), name)


def describe_shape(array: np.ndarray, row_shape: tuple[int, ...]) -> str:
    """Return which shape came, for an error, and of one row that came alone the shape that it should have had."""
    remedy = f" One row alone has the shape {(1, *row_shape)}." if array.shape == row_shape else ""
    return f"received {array.shape}.{remedy}"


def check_numbers(values: object, name: str) -> np.ndarray:
    """Return `values` as an array of real numbers (integers or floats), else raise `InputError`."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} must be a rectangular array of numbers; its rows differ in length.") from error
    if array.dtype.kind not in "iuf":
        received = array.dtype if array.ndim else type(values).__name__  # None, and what is no sequence, has no rows
        raise InputError(f"{name} must be numbers; received {received}.")
    return array


def check_finite(array: np.ndarray, name: str) -> np.ndarray:
    """Return `array` if it holds no NaN and no infinity, else raise `InputError` naming the first bad place."""
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InputError(
            f"{name} must be finite; {int(bad.sum())} of {array.size} values are not, the first at index {place}."
        )
    return array


def check_magnitude(array: np.ndarray, most: float, name: str) -> np.ndarray:
    """Return `array` if its numbers lie from `-most` to `most`, else raise `InputError`."""
    greatest = np.abs(array).max()
    if greatest > most:
        raise InputError(f"{name} must lie within +-{most:g}; received {greatest:g}.")
    return array


def check_labels(values: object, classes: int, name: str = "labels") -> np.ndarray:
    """Return `values` as `(n,)` int64 class labels from 0 to `classes` - 1, else raise `InputError`."""
    array = check_numbers(values, name)
    if array.ndim != 1 or not len(array):
        raise InputError(f"{name} must have shape (n,) with n of 1 or more; received {array.shape}.")
    if array.dtype.kind == "f":
        raise InputError(f"{name} must be integers; received {array.dtype}.")
    least, most = array.min(), array.max()
    if least < 0 or most >= classes:
        received = f"{least}" if least == most else f"{least} to {most}"
        raise InputError(f"{name} must lie from 0 to {classes - 1}; received {received}.")
    return array.astype(np.int64)


def check_integer(name: str, value: object, least: int, most: int) -> int:
    """Return an integer, numpy's or Python's, as Python's; raise `InputError` for anything else, or out of range."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} must be an integer; received {value!r}.")
    number = operator.index(value)
    if not least <= number <= most:
        raise InputError(f"{name} must be from {least} to {most}; received {_shorten(number)}.")
    return number


def check_number(name: str, value: object, most: float) -> float:
    """Return a number from 0 to `most` as Python's float; raise `InputError` for anything else, or out of range."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputError(f"{name} must be a number from 0 to {most:g}; received {value!r}.")
    if not 0 <= value <= most:
        raise InputError(f"{name} must be a number from 0 to {most:g}; received {_shorten(value)}.")
    return float(value)


def _shorten(number: Any) -> str:
    """Return a number as people read it; of an integer of thousands of digits Python would refuse to show any."""
    return (
        f"one of {number.bit_length()} bits" if isinstance(number, int) and number.bit_length() > 128 else f"{number}"
    )


NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def is_release_name(name: str) -> bool:
    """Return whether a text would do as a release's name: lower-case letters, digits and hyphens."""
    return bool(name) and set(name) <= NAME_CHARACTERS
