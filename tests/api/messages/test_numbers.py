"""Large arrays in JSON: the same values as of a whole parse, and little memory whatever the body holds."""

import json
import time
import tracemalloc

import numpy as np
import pytest

from api.errors import TooLargeError
from api.messages.numbers import MAX_NUMBERS, PIECE_BYTES, SMALL_BYTES
from api.messages.payload import parse_message, parse_object
from ld_data.errors import InputError

SIZE = 2**20
MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    """Cut arrays into pieces of a 16th, which need a 16th of the memory and time."""
    monkeypatch.setattr("api.messages.numbers.PIECE_BYTES", PIECE_BYTES // 16)


def make_values(shape, kind):
    rng = np.random.default_rng(0)
    return rng.normal(size=shape) if kind == "f" else rng.integers(-99999, 99999, shape)


@pytest.mark.parametrize("shape", [(12_000,), (4000, 3), (12_000, 1), (3, 4000), (200, 6, 10), (60, 1, 5, 40)])
@pytest.mark.parametrize("kind", "fi")
@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 1}])
def test_a_large_array_is_read_as_a_small_one(shape, kind, style):
    values = make_values(shape, kind)
    text = json.dumps({"id": "a", "vectors": values.tolist(), "more": ["b", [1, 2]]}, **style).encode()
    assert len(text) > SMALL_BYTES
    read = parse_object(text)
    assert (read["id"], read["more"]) == ("a", ["b", [1, 2]])
    assert read["vectors"].dtype == values.dtype
    assert np.array_equal(read["vectors"], values)


def test_the_predictions_of_a_seed_may_be_large():
    values = make_values((3, 4000, 32), "f")
    assert np.array_equal(parse_object(json.dumps({"predictions": values.tolist()}).encode())["predictions"], values)


def test_the_array_may_be_shorter_than_what_stands_around_it():
    text = json.dumps({"a": list(range(9000)), "b": ["c" * 9] * 2000}).encode()
    assert len(text) > SMALL_BYTES
    assert parse_object(text)["a"].tolist() == list(range(9000))


def test_a_nested_array_is_found_wherever_it_stands():
    text = json.dumps({"inputs": [{"name": "x", "shape": [9000, 2], "data": [[1, 2.5]] * 9000}]}).encode()
    values, array = parse_message(text)
    assert values["inputs"][0]["shape"] == [9000, 2]
    assert array.shape == (9000, 2)


def fill(piece, head=b'{"vectors": [', tail=b"]}"):
    return head + b",".join([piece] * (SIZE // (len(piece) + 1))) + tail


HOSTILE = {
    "empty lists": fill(b"[]"),
    "pairs of empty lists": fill(b"[[],[]]"),
    "deep lists": b'{"vectors": ' + b"[" * SIZE + b"]" * SIZE + b"}",
    "open brackets": b'{"vectors": ' + b"[" * SIZE,
    "objects": fill(b"{}"),
    "lists of objects": fill(b"[{}]"),
    "keys": b"{" + b",".join(b'"%07d":0' % number for number in range(SIZE // 11)) + b"}",
    "texts": fill(b'""'),
    "lists of texts": fill(b'["a"]'),
    "one long text": b'{"vectors": "' + b"a" * SIZE + b'"}',
    "an open text": b'{"vectors": "' + b"[1]," * (SIZE // 4),
    "nulls": fill(b"null"),
    "booleans": fill(b"[true]"),
    "a long number": b'{"vectors": [' + b"9" * SIZE + b"]}",
    "long numbers": fill(b"9" * 4000),
    "infinite numbers": fill(b"1e999"),
    "white space": b'{"vectors": [' + b" " * SIZE + b"1]}",
    "white space first": b'{"vectors": ' + b" " * SIZE + b"[1]}",
    "commas": b'{"vectors": [' + b"," * SIZE + b"]}",
    "a ragged row": fill(b"[1]", tail=b",[1,2]]}"),
    "a deeper row": fill(b"[1]", tail=b",[[1]]]}"),
    "a number among rows": fill(b"[1]", tail=b",1]}"),
    "an open row": fill(b"[1]", tail=b",[1]}"),
    "a number before a bracket": fill(b"[1]", tail=b",1[]]}"),
    "a bracket after a comma": fill(b"[1,2]", tail=b",3[,4]]}"),
    "numbers without a comma": fill(b"[1 2]"),
    "two arrays": fill(b"[1]", tail=b"],") + fill(b"[1]", head=b'"labels": ['),
    "an array alone": fill(b"[1]", head=b"[", tail=b"]"),
    "nothing behind": fill(b"[1]", tail=b""),
    "the wrong end": fill(b"[1]", tail=b"}]"),
    "nine dimensions": fill(b"[[[[[[[[1]]]]]]]]"),
    "many numbers": fill(b"[1,1,1,1]"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_within_few_times_its_size(name):
    tracemalloc.start()
    began = time.thread_time()
    try:
        with pytest.raises(InputError):
            parse_object(HOSTILE[name], max_rows=10_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(HOSTILE[name]) + MEGABYTE
    assert time.thread_time() - began < 1


def test_too_many_numbers_are_refused(monkeypatch):
    monkeypatch.setattr("api.messages.numbers.MAX_NUMBERS", 50_000)
    with pytest.raises(TooLargeError, match="50000 numbers"):
        parse_object(json.dumps({"vectors": [1] * 60_000}).encode())
    assert MAX_NUMBERS > 10_000 * 28 * 28  # the largest request of images fits
