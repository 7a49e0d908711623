import numpy as np
import pytest

from ld_data.checks import (
    check_finite,
    check_integer,
    check_labels,
    check_number,
    check_pixels,
    check_service,
    check_vectors,
    is_link,
)
from ld_data.errors import InputError


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[1.0, 2.0]], r"shape \(n, 3\)"),
        ([1.0, 2.0, 3.0], r"shape \(n, 3\)"),
        (np.zeros((0, 3)), "1 or more"),
        ([[1.0, 2.0, np.nan]], r"finite; 1 of 3 values are not, the first at index \(0, 2\)"),
        ([[1.0, 2.0, np.inf]], "finite"),
        ([[1.0, 2.0, 1e300]], "finite"),
        ([["a", "b", "c"]], "numbers"),
        ([[1, 2, 3], [1, 2]], "rectangular"),
        ([[None, 1.0, 2.0]], "numbers"),
        (np.zeros((1, 3), complex), "numbers"),
        (np.zeros((1, 3), bool), "numbers"),
    ],
)
def test_bad_vectors_are_refused_with_the_reason(values, reason):
    with pytest.raises(InputError, match=reason):
        check_vectors(values, 3)


def test_vectors_become_float32():
    assert check_vectors([[1, 2, 3]], 3).dtype == np.float32


@pytest.mark.parametrize(
    ("labels", "reason"),
    [([], "1 or more"), ([[1]], "shape"), ([10], "0 to 9"), ([-1], "0 to 9"), ([1.0], "integers"), (["a"], "numbers")],
)
def test_bad_labels_are_refused_with_the_reason(labels, reason):
    with pytest.raises(InputError, match=reason):
        check_labels(labels, 10)


def test_the_remedy_for_booleans_serves_labels_too():
    with pytest.raises(InputError, match=r"received bool\. Convert them with astype\(int\)\.$"):
        check_labels(np.array([True, False]), 2)


@pytest.mark.parametrize(("labels", "received"), [([17], "17"), ([17, 17], "17"), ([3, 17], "3 to 17"), ([-1], "-1")])
def test_labels_out_of_range_are_named(labels, received):
    with pytest.raises(InputError, match=rf"from 0 to 9; received {received}\.$"):
        check_labels(labels, 10)


def test_a_single_row_is_refused_with_the_shape_that_it_needs():
    with pytest.raises(InputError, match=r"received \(3,\)\. One row alone has the shape \(1, 3\)\.$"):
        check_vectors(np.zeros(3), 3)
    with pytest.raises(InputError, match=r"received \(4,\)\.$"):
        check_vectors(np.zeros(4), 3)


@pytest.mark.parametrize(
    ("value", "reason"), [(1.0, "an integer"), (True, "an integer"), (4, "from 1 to 3; received 4")]
)
def test_bad_integers_are_refused_by_name(value, reason):
    assert check_integer("rows", np.int64(3), 1, 3) == 3
    with pytest.raises(InputError, match=f"rows must be {reason}"):
        check_integer("rows", value, 1, 3)


@pytest.mark.parametrize("value", ["1", None, True, -0.1, 2.5, float("nan")])
def test_bad_numbers_are_refused_by_name(value):
    assert check_number("gamma", 2, 2.0) == 2.0
    with pytest.raises(InputError, match="gamma must be a number from 0 to 2; received"):
        check_number("gamma", value, 2.0)


def test_huge_integers_are_refused_by_their_size():
    with pytest.raises(InputError, match="one of 16610 bits"):
        check_integer("rows", 10**5000, 1, 3)


def test_magnitudes_are_bounded_on_both_sides():
    assert check_finite(np.array([-2.0, 2.0]), "x", 2).tolist() == [-2, 2]
    with pytest.raises(InputError, match=r"x must lie within \+-2; received 3"):
        check_finite(np.array([-3.0, 2.0]), "x", 2)
    with pytest.raises(InputError, match=r"x must lie within \+-1e\+06; received 1.00000006e"):
        check_finite(np.float32([1000000.0625, 0]), "x", 1e6)
    with pytest.raises(InputError, match=r"x must be finite; 2 of 3 values are not, the first at index \(1,\)"):
        check_finite(np.array([-3.0, np.nan, np.inf]), "x", 2)


def test_pixels_become_float32_between_0_and_1():
    assert check_pixels(np.array([0, 255], np.uint8), "p").tolist() == [0, 1]
    assert check_pixels(np.array([True, False]), "p").tolist() == [1, 0]
    assert check_pixels(np.zeros(3, np.uint8), "p").tolist() == [0, 0, 0]
    assert check_pixels(np.array([0, 0.5]), "p").dtype == np.float32
    with pytest.raises(InputError, match="finite"):
        check_pixels(np.array([np.nan]), "p")


def test_pixels_that_rounding_moved_become_the_border():
    pixels = np.array([np.nextafter(np.float32(1), np.float32(2)), 1 + 9e-6, -1e-9, -9e-6, 0.5], np.float32)
    assert check_pixels(pixels, "p").tolist() == [1, 1, 0, 0, 0.5]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([0, 255], r"received int64 from 0 to 255. Divide by 255\.$"),
        ([0.0, 254.7], "Divide by 255"),
        (np.array([0, 65535], np.uint16), "Divide by 65535"),
        ([0, 16], "Divide by the value of white"),
        ([0, 1.0001], "from 0 to 1.0001. Divide by the value of white"),
        ([-1, 1], r"take \(x \+ 1\) / 2\.$"),
        ([-0.1], r"received float64 from -0.1 to -0.1. If they are from -1 to 1"),
        ([-0.42, 2.8], "multiply them by the std and add the mean"),
        (np.array([0, 1], np.uint8), r"received 0 and 1 alone, .*Multiply them by 255, or .*astype\(bool\)"),
    ],
)
def test_other_pixels_are_refused_with_the_remedy_of_their_range(values, reason):
    with pytest.raises(InputError, match=reason):
        check_pixels(np.array(values), "p")


@pytest.mark.parametrize("text", ["http://a", "https://a.b:1/c?d#e", "http://[::1]:8000"])
def test_an_http_address_is_a_link(text):
    assert is_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a:80",
        "ftp://a",
        "http://",
        "http://a b",
        "http://[",
        "http://a:0",
        "http://a:b",
        "http://a\nb",
        "http://a\x1b",
    ],
)
def test_anything_else_is_no_link(text):
    assert not is_link(text)
    with pytest.raises(InputError, match="http or https address"):
        check_service(text)


def test_a_service_s_address_has_no_slash_at_its_end():
    assert check_service("http://a:8000//") == check_service("http://a:8000") == "http://a:8000"


@pytest.mark.parametrize("address", ["http://a:8000/?b=1", "http://a/#b"])
def test_a_service_s_address_ends_with_its_path(address):
    assert is_link(address)
    with pytest.raises(InputError, match="http or https address"):
        check_service(address)
