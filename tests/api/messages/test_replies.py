"""Rows as answers: numbers of 8 bits, pictures, parts, and the header Accept."""

import asyncio
import dataclasses
import io

import numpy as np
import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from PIL import Image

from api.app import make_app
from api.messages.pictures import draw_sheet, quantize
from api.messages.replies import REPLIES, PngReply, choose_reply
from api.releases.operations import Tensor, make_operations
from api.settings import Limits
from api.work.batching import CHUNK_ROWS
from ld_data.errors import InputError
from ld_data.storage.arrays import write_npy
from tests.support.fakes import FakeCodec
from tests.support.service import BASE, NPY, assert_error

DECODE = f"{BASE}/x/decode"
VECTORS = np.random.default_rng(0).uniform(size=(2 * CHUNK_ROWS + 5, 4)).astype(np.float32)
IMAGES = VECTORS.reshape(-1, 2, 2)


@pytest.fixture
def client(catalogue, store):
    return TestClient(make_app(catalogue, store, Limits(max_pictures=50)), raise_server_exceptions=False)


def post(client, path, rows, accept):
    headers = {"Content-Type": "application/x-npy", "Accept": accept}
    return client.post(path, content=write_npy(rows), headers=headers)


def make_request(accept):
    return Request({"type": "http", "headers": [(b"accept", accept.encode())]})


@pytest.mark.parametrize("rows", [1, 5, len(VECTORS)])
def test_images_are_sent_as_8_bits_on_request(client, rows):
    path, expected = f"{DECODE}?dtype=uint8", quantize(IMAGES[:rows])
    as_npy = post(client, path, VECTORS[:rows], "application/x-npy")
    assert as_npy.content == write_npy(expected)
    assert int(as_npy.headers["content-length"]) == len(as_npy.content)
    assert np.array_equal(post(client, path, VECTORS[:rows], "*/*").json()["inputs"], expected)


def test_8_bits_are_refused_for_signals(client):
    operations = make_operations(FakeCodec())
    signals = dataclasses.replace(operations["x/decode"], gives=Tensor("inputs", (40,)))
    with pytest.raises(InputError, match="signals"):
        choose_reply(make_request("*/*"), signals, "uint8")
    assert isinstance(choose_reply(make_request("image/png"), signals, "float32"), PngReply)
    answer = client.post(f"{BASE}/y/decode?dtype=uint8", json={"vectors": [[1, 2, 3, 4]]})
    assert_error(answer, 422, "invalid_input", "dtype")
    assert_error(client.post(f"{DECODE}?dtype=int8", json={"vectors": [[1, 2, 3, 4]]}), 422, "invalid_input", "uint8")


@pytest.mark.parametrize("rows", [1, 50])
@pytest.mark.parametrize("query", ["", "?dtype=uint8"])
def test_pictures_are_sent_on_request(client, rows, query):
    answer = post(client, DECODE + query, VECTORS[:rows], "image/*")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == draw_sheet(IMAGES[:rows])
    assert Image.open(io.BytesIO(answer.content)).format == "PNG"


def test_more_pictures_than_a_sheet_holds_are_413_with_the_limit(client):
    assert_error(post(client, DECODE, VECTORS[:51], "image/png"), 413, "too_large", "at most 50 pictures", "51")
    assert client.get("/info").json()["limits"]["max_pictures"] == 50


@pytest.mark.parametrize("route", ["x/encode", "x/decode", "y/encode", "y/decode"])
@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/xml, text/*"])
def test_unknown_types_are_406_with_the_known_ones(client, route, accept):
    answer = client.post(f"{BASE}/{route}", json={}, headers={"Accept": accept})
    assert_error(answer, 406, "not_acceptable", "application/json, application/x-npy", accept)


def test_latents_and_generated_signals_have_no_pictures(client):
    answer = client.post(f"{BASE}/x/encode", json={}, headers={"Accept": "image/png"})
    assert_error(answer, 406, "not_acceptable")
    answer = client.post("/v1/sources/mnist1d/generate", json={}, headers={"Accept": "image/png"})
    assert_error(answer, 406, "not_acceptable", "application/x-npz")


def test_several_accept_headers_are_one_list(client):
    headers = [("Accept", "text/html"), ("Accept", "application/x-npy"), ("Content-Type", NPY["Content-Type"])]
    answer = client.post(DECODE, content=write_npy(VECTORS[:1]), headers=headers)
    assert answer.content == write_npy(IMAGES[:1])


@pytest.mark.parametrize("chosen", [key for key, reply in REPLIES.items() if not reply.is_picture])
def test_parts_make_the_same_answer_as_the_whole(chosen):
    reply, operation = REPLIES[chosen], make_operations(FakeCodec())["x/decode"]

    async def cut():
        for start in range(3, len(IMAGES), 50):
            yield IMAGES[start : start + 50]

    async def fill():
        frame = reply.frame(operation, IMAGES[:3], len(IMAGES))
        return b"".join([chunk async for chunk in frame.fill(IMAGES[:3], cut())])

    assert asyncio.run(fill()) == reply.write(operation, IMAGES).body
