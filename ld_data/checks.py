"""Checks of a caller's values; each returns the value, or raises `InputError`."""

import operator
import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from ld_data.errors import InputError
from ld_data.typing import Array, Bytes, Floats, Integers
from ld_data.user_arrays import read_array

GREATEST_VALUE = 1e6  # of vectors and signals: far beyond every meaningful value, and safe from overflow
FLOAT32 = np.dtype(np.float32)
PIXEL_ROUNDING = 1e-5  # the most that float32 arithmetic leaves beyond 0 and 1, with a margin
MAX_ECHO = 200  # characters of a received text that an error repeats
REMEDIES = {  # by the kind of a type that is refused
    "b": " Convert them with astype(int).",
    "c": " Take their real part or their magnitude.",
    "O": " Convert them with numpy.asarray(values, float), a column of lists with numpy.array(list(values), float), "
    "once nothing is missing.",
    "V": " Convert them with astype(float32), before numpy.save if they are of another library's type.",
}
RELEASE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")  # a name of a folder has at most 255 characters
MAX_SLUG = 60


def check_vectors(values: object, width: int, name: str = "vectors", most: float = np.inf) -> Floats:
    """Return `values` as a `(n, width)` float32 array, if they are finite, within +-`most`, and n is 1 or more."""
    array = check_numbers(values, name)
    if array.ndim != 2 or array.shape[1] != width or not len(array):
        raise InputError(f"{name} must have shape (n, {width}) with n of 1 or more; {describe_shape(array, (width,))}")
    return check_finite(to_float32(array), name, most)


def to_float32(array: Array) -> Floats:
    """Return an array of numbers as float32, a copy; those beyond its range become infinite, which is refused later."""
    if array.dtype == FLOAT32:
        return array.copy()
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def describe_shape(array: Array, row_shape: tuple[int, ...]) -> str:
    """Return the received shape for an error; for a single row also the shape that it needs."""
    remedy = f" One row alone has the shape {(1, *row_shape)}." if array.shape == row_shape else ""
    return f"received {array.shape}.{remedy}"


def check_numbers(values: object, name: str, take_booleans: bool = False) -> Array:
    """Return `values`, in any container, as an array of real numbers, integers or floats; raises as `read_array` too.

    With `take_booleans` an array of booleans is also taken, as it is.
    """
    array = read_array(values, name)
    if array.dtype.kind not in ("iufb" if take_booleans else "iuf"):
        received = array.dtype if array.ndim else type(values).__name__  # a single object has no informative dtype
        remedy = REMEDIES.get(array.dtype.kind, "") if array.ndim else ""
        raise InputError(f"{name} must be numbers; received {received}.{remedy}")
    return array


def check_finite(array: Array, name: str, most: float = np.inf) -> Array:
    """Return `array` if it holds no NaN, no infinity, and nothing beyond +-`most`; the error names the first index."""
    if array.dtype.kind == "f" and np.vdot(array, array) < most * most:  # a sum of squares: each value is within `most`
        return array
    greatest = np.abs(array).max(initial=0)
    if not greatest < np.inf:
        bad = np.argwhere(~np.isfinite(array))
        count, place = len(bad), tuple(bad[0].tolist())
        raise InputError(f"{name} must be finite; {count} of {array.size} values are not, the first at index {place}.")
    if greatest > most:
        raise InputError(f"{name} must lie within +-{most:g}; received {greatest!s}.")
    return array


def check_pixels(values: Array, name: str) -> Floats:
    """Return pixels as float32 in [0, 1]: uint8, divided by 255; booleans, True as 1; or other numbers in [0, 1].

    Numbers beyond a border by at most 1e-5, as rounding leaves them, become the border.
    """
    if values.dtype == np.uint8:
        check_bytes(values, name)
        return values.astype(np.float32) / np.float32(255)
    pixels: Floats = check_finite(to_float32(values), name)
    least, most = float(pixels.min()), float(pixels.max())
    if least < -PIXEL_ROUNDING or most > 1 + PIXEL_ROUNDING:
        raise InputError(
            f"{name} must be uint8, or numbers in [0, 1], or booleans; received {values.dtype} from {least:g} to "
            f"{most:g}. {_suggest_scale(least, most)}"
        )
    return np.clip(pixels, 0, 1) if least < 0 or most > 1 else pixels


def check_bytes(values: Bytes, name: str) -> Bytes:
    """Return uint8 pixels if they are clearly from 0 to 255: with 1 as the greatest, they may be black and white."""
    if values.max() == 1:
        raise InputError(
            f"{name} must be uint8 from 0 to 255; received 0 and 1 alone, which may mean black and white, or the two "
            "darkest greys. Multiply them by 255, or convert black and white with astype(bool)."
        )
    return values


def _suggest_scale(least: float, most: float) -> str:
    """Return how pixels that are not in [0, 1] come there, as their range suggests."""
    if least >= -1 - PIXEL_ROUNDING and least < -PIXEL_ROUNDING and most <= 1 + PIXEL_ROUNDING:
        return "If they are from -1 to 1, take (x + 1) / 2."
    if least < -PIXEL_ROUNDING:
        return "If they are standardised, multiply them by the std and add the mean."
    white = next((white for white in (255, 65535) if white / 4 < most <= white), None)
    return f"Divide by {white or 'the value of white'}."


def check_labels(values: object, classes: int, name: str = "labels") -> Integers:
    """Return `values` as `(n,)` int64 class labels, if they are integers from 0 to `classes` - 1."""
    array = check_numbers(values, name)
    if array.ndim != 1 or not len(array):
        remedy = " Of one-hot rows take argmax(axis=1)." if array.ndim == 2 and array.shape[1] == classes else ""
        raise InputError(f"{name} must have shape (n,) with n of 1 or more; received {array.shape}.{remedy}")
    if check_finite(array, name).dtype.kind == "f":  # a missing label is not finite
        raise InputError(f"{name} must be integers; received {array.dtype}. Convert whole numbers with astype(int).")
    least, most = array.min(), array.max()
    if least < 0 or most >= classes:
        received = f"{least}" if least == most else f"{least} to {most}"
        raise InputError(f"{name} must lie from 0 to {classes - 1}; received {received}.")
    return array.astype(np.int64)


def check_integer(name: str, value: object, least: int, most: int) -> int:
    """Return an integer from `least` to `most`, numpy's or Python's, as Python's."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} must be an integer; received {value!r}.")
    number = operator.index(value)
    if not least <= number <= most:
        raise InputError(f"{name} must be from {least} to {most}; received {_shorten(number)}.")
    return number


def check_number(name: str, value: object, most: float, least: float = 0) -> float:
    """Return a number from `least` to `most` as Python's float."""
    expected = f"{name} must be a number from {least:g} to {most:g}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputError(f"{expected}; received {value!r}.")
    if not least <= value <= most:
        raise InputError(f"{expected}; received {_shorten(value)}.")
    return float(value)


def is_release_name(name: str) -> bool:
    """Return whether a text can name a release: 1 to 100 lower-case letters, digits and hyphens, no hyphen first."""
    return RELEASE_NAME.fullmatch(name) is not None


def make_slug(text: str) -> str:
    """Return a text as a part of names, such as `donnees-2` for `Données (2)`: different texts may have the same.

    Raises:
        InputError: the text has no Latin letter and no digit.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    if slug := "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_SLUG].strip("-"):
        return slug
    raise InputError(f"a name needs a letter from a to z, or a digit; received {text!r:.{MAX_ECHO}}.")


def is_link(text: str) -> bool:
    """Return whether a text is an http or https address."""
    if " " in text or not text.isprintable():  # `urlsplit` drops line breaks; a request would not
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an address, or a port that is not a number
        return False


def check_service(address: str) -> str:
    """Return an http or https address of a service, without query or fragment, and without a slash at its end."""
    if not is_link(address) or set("?#") & set(address):
        raise InputError(
            f"the service must be an http or https address, such as http://127.0.0.1:8000; received {address!r}."
        )
    return address.rstrip("/")


def _shorten(number: Any) -> str:
    """Return the text of a number, or its size: Python refuses to print integers of thousands of digits."""
    too_long = isinstance(number, int) and number.bit_length() > 128
    return f"one of {number.bit_length()} bits" if too_long else f"{number}"
