"""Canonical JSON, beside a library that writes it."""

import json
import struct

import numpy as np
import pytest
import rfc8785

from eval.canonical import MAX_INTEGER, write_canonical

# The numbers of RFC 8785, appendix B, by their bits.
APPENDIX_B = {
    0x0000000000000000: "0",
    0x8000000000000000: "0",
    0x0000000000000001: "5e-324",
    0x8000000000000001: "-5e-324",
    0x7FEFFFFFFFFFFFFF: "1.7976931348623157e+308",
    0xFFEFFFFFFFFFFFFF: "-1.7976931348623157e+308",
    0x4340000000000000: "9007199254740992",
    0xC340000000000000: "-9007199254740992",
    0x4430000000000000: "295147905179352830000",
    0x44B52D02C7E14AF5: "9.999999999999997e+22",
    0x44B52D02C7E14AF6: "1e+23",
    0x44B52D02C7E14AF7: "1.0000000000000001e+23",
    0x444B1AE4D6E2EF4E: "999999999999999700000",
    0x444B1AE4D6E2EF4F: "999999999999999900000",
    0x444B1AE4D6E2EF50: "1e+21",
    0x3EB0C6F7A0B5ED8C: "9.999999999999997e-7",
    0x3EB0C6F7A0B5ED8D: "0.000001",
    0x41B3DE4355555553: "333333333.3333332",
    0x41B3DE4355555557: "333333333.33333343",
    0xBECBF647612F3696: "-0.0000033333333333333333",
    0x43143FF3C1CB0959: "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), APPENDIX_B.items(), ids=list(APPENDIX_B.values()))
def test_the_numbers_of_the_standard(bits, text):
    (number,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    assert write_canonical(number) == text.encode()


def test_numbers_of_all_sizes_are_written_as_by_the_library():
    generator = np.random.default_rng(0)
    numbers = generator.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64)
    numbers = numbers[np.isfinite(numbers)].tolist()
    numbers += (generator.normal(size=5_000) * 10.0 ** generator.integers(-25, 25, 5_000)).tolist()
    numbers += [10.0**power for power in range(-30, 30)] + [round(number, 4) for number in numbers[-5_000:]]
    assert write_canonical(numbers) == rfc8785.dumps(numbers)
    assert json.loads(write_canonical(numbers), parse_int=float) == numbers


@pytest.mark.parametrize(
    "value",
    [
        {"€": 1, "\r": 2, "דּ": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7, "\ufb33": 8},  # the order of the standard
        "".join(map(chr, range(0x100))) + "\u2028\u2029\ufeff\U0001f600",
        {"b": [True, False, None, {}, [], ""], "a": {"d": 1, "c": -MAX_INTEGER}, "": (1.0, 1)},
    ],
)
def test_texts_names_and_nesting_are_written_as_by_the_library(value):
    assert write_canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value", [float("nan"), float("-inf"), MAX_INTEGER + 1, "\ud800", {"\udfff": 1}, {1: 2}, {1}, b"a"]
)
def test_what_it_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match=r".") as refused:
        write_canonical([value])
    assert len(str(refused.value)) < 200
