"""JSON in the one form that RFC 8785 allows, by the standard library alone: so any installation can prove a log."""

import json
from decimal import Decimal
from math import isfinite
from typing import Any

MAX_INTEGER = 2**53 - 1  # beyond it a JSON number, which is a double, cannot tell one from the next
WHOLE_DIGITS, SMALL_ZEROS = 21, 6  # ECMAScript writes no exponent up to 1e21, nor down to 1e-6


def write_canonical(value: Any) -> bytes:
    """Return JSON values as canonical JSON.

    Raises `ValueError` for what it cannot hold: numbers that are not finite, integers beyond 2**53 - 1, half of a
    surrogate pair, names that are no texts, and other types.
    """
    return _write(value).encode()


def _write(value: Any) -> str:
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            if abs(value) > MAX_INTEGER:
                raise ValueError(f"an integer of {value.bit_length()} bits")
            return str(value)
        case float():
            return _write_number(value)
        case list() | tuple():
            return f"[{','.join(map(_write, value))}]"
        case dict():
            if not all(isinstance(name, str) for name in value):
                raise ValueError("a name that is no text")
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return f"{{{','.join(f'{_write(name)}:{_write(value[name])}' for name in names)}}}"
    raise ValueError(f"a value of the type {type(value).__name__}")


def _write_number(number: float) -> str:
    """Return a double as ECMAScript writes it: Python's digits, the fewest that read as the same, otherwise placed."""
    if not isfinite(number):
        raise ValueError(f"the number {number}")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    parts = Decimal(repr(abs(number))).normalize().as_tuple()
    digits, point = "".join(map(str, parts.digits)), len(parts.digits) + int(parts.exponent)
    if 0 < point <= WHOLE_DIGITS:
        whole, fraction = digits[:point].ljust(point, "0"), digits[point:]
        return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
    if -SMALL_ZEROS < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = f"{digits[0]}.{digits[1:]}" if digits[1:] else digits
    return f"{sign}{mantissa}e{point - 1:+d}"
