"""Bodies over the limit are refused; compressed ones arrive inflated, in bounded pieces, unless damaged."""

import asyncio
import gzip
import json
import tracemalloc
import zlib

import httpx2
import numpy as np
import pytest

from api.app import make_app
from api.middleware.bodies import PIECE_BYTES, inflate
from api.settings import Limits
from ld_data.errors import InputError
from ld_data.storage.arrays import write_npy
from tests.support.servers import serve
from tests.support.service import BASE, NPY, assert_error

DECODE = f"{BASE}/x/decode"
COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress}
CONTENT = json.dumps({"vectors": np.random.default_rng(0).normal(size=(3, 4)).tolist()}).encode()


def collect(chunks, encoding):
    """The inflated pieces of a body that arrives in these chunks."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages[-1]["more_body"] = False
    messages.append({"type": "http.disconnect"})

    async def receive():
        return messages.pop(0)

    async def read():
        body, pieces = inflate(receive, encoding), []
        while (message := await anext(body))["more_body"]:
            pieces.append(message["body"])
        assert (await anext(body))["type"] == "http.disconnect"
        return pieces

    return asyncio.run(read())


@pytest.mark.parametrize("encoding", COMPRESS)
@pytest.mark.parametrize("size", [0, 8, PIECE_BYTES, 10 * PIECE_BYTES + 3])
@pytest.mark.parametrize("chunk", [7, 1000, 10**9])
def test_the_inflated_body_equals_the_original(encoding, size, chunk):
    content = bytes(size - size // 8) + np.random.default_rng(0).bytes(size // 8)
    compressed = COMPRESS[encoding](content)
    pieces = collect([compressed[i : i + chunk] for i in range(0, len(compressed), chunk)], encoding)
    assert b"".join(pieces) == content
    assert max(map(len, pieces), default=0) <= PIECE_BYTES


@pytest.mark.parametrize("encoding", COMPRESS)
@pytest.mark.parametrize("route", ["fast", "long"])
def test_compressed_requests_are_answered_like_others(client, encoding, route):
    path = DECODE if route == "fast" else f"{DECODE}?dtype=float32"
    plain = client.post(path, content=CONTENT)
    headers = {"Content-Encoding": encoding.upper()}
    assert client.post(path, content=COMPRESS[encoding](CONTENT), headers=headers).json() == plain.json()
    assert client.post(path, content=CONTENT, headers={"Content-Encoding": "identity"}).json() == plain.json()


@pytest.mark.parametrize("encoding", COMPRESS)
@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda compressed: compressed[:-1], "stops before the end"),
        (lambda compressed: b"", "stops before the end"),
        (lambda compressed: compressed + b"x", "goes on after the end"),
        (lambda compressed: compressed + compressed, "goes on after the end"),
        (lambda compressed: compressed[:-2] + b"xx", "Content-Encoding"),
        (lambda compressed: CONTENT, "Content-Encoding"),
    ],
)
def test_a_body_without_its_declared_encoding_is_422(client, encoding, damage, word):
    headers = {"Content-Encoding": encoding}
    answer = client.post(DECODE, content=damage(COMPRESS[encoding](CONTENT)), headers=headers)
    assert_error(answer, 422, "invalid_input", word)


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip, br", "zstd"])
def test_other_encodings_are_415_with_the_known_ones(client, encoding):
    answer = client.post(DECODE, content=CONTENT, headers={"Content-Encoding": encoding})
    assert_error(answer, 415, "unsupported_media_type", "gzip or deflate", encoding)
    assert answer.headers["accept-encoding"] == "gzip, deflate"
    assert client.get("/info", headers={"Content-Encoding": encoding}).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("encoding", COMPRESS)
def test_a_bomb_is_413_before_it_fills_the_memory(catalogue, store, encoding):
    limits = Limits(max_body_bytes=2**20)
    bomb = COMPRESS[encoding](bytes(100 * 2**20))
    assert len(bomb) < limits.max_body_bytes
    headers = {**NPY, "Content-Encoding": encoding}
    with serve(make_app(catalogue, store, limits)) as address:
        tracemalloc.start()
        answer = httpx2.post(f"{address}{DECODE}", content=bomb, headers=headers)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert_error(answer, 413, "too_large", f"{2**20} bytes")
        assert peak < 20 * 2**20
        good = COMPRESS[encoding](write_npy(np.ones((1, 4), np.float32)))
        assert httpx2.post(f"{address}{DECODE}", content=good, headers=headers).status_code == 200


def test_a_disconnect_is_passed_on():
    async def receive():
        return {"type": "http.disconnect"}

    assert asyncio.run(anext(inflate(receive, "gzip"))) == {"type": "http.disconnect"}


def test_damage_in_the_middle_is_an_input_error():
    compressed = bytearray(gzip.compress(bytes(range(256)) * 100))
    compressed[len(compressed) // 2] ^= 255
    with pytest.raises(InputError):
        collect([bytes(compressed)], "gzip")


def test_a_body_that_declares_too_much_is_413_with_the_limit(client):
    assert_error(client.post(DECODE, content=b"x" * 20_001), 413, "too_large", "20000 bytes", "20001")


def test_a_body_of_unknown_length_is_413_once_it_is_too_long(client):
    response = client.post(DECODE, content=(b"x" * 1000 for _ in range(30)))
    assert_error(response, 413, "too_large", "20000 bytes")
