"""JSON of others, read within bounds: nesting, and numbers and texts that can be written as JSON again."""

import json
import re
from itertools import accumulate
from typing import Any

MAX_DEPTH = 30
MAX_INTEGER = 2**63 - 1
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)  # the last one may lack its end
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_json(text: str) -> Any:
    """Return the values of a JSON text that nests at most 30 levels.

    Raises:
        ValueError: the text is no JSON, nests deeper, or holds NaN, an infinite number, an integer of more than 64 bits
            or half a pair of surrogates. None of these can be sent as an answer of the service.
    """
    check_depth(text)
    values = json.loads(text, parse_int=_read_integer)
    json.dumps(values, allow_nan=False, ensure_ascii=False).encode()
    return values


def check_depth(text: str, most: int = MAX_DEPTH) -> None:
    """Raise `ValueError` if a JSON text nests deeper than that many levels; time and memory grow with its length."""
    brackets = re.findall(r"[\[\]{}]", _STRINGS.sub("", text))
    if any(depth > most for depth in accumulate(_STEPS[bracket] for bracket in brackets)):
        raise ValueError(f"expected JSON of at most {most} levels; it nests deeper")


def _read_integer(digits: str) -> int:
    number = int(digits)
    if abs(number) > MAX_INTEGER:
        raise ValueError(f"expected integers of at most 64 bits; received one of {len(digits)} digits")
    return number
