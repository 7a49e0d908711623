"""Each request has an id, in its answer and in all lines about it, and a line of its own."""

import io
import json
import logging

import numpy as np
import pytest

from api.middleware.request_log import JsonFormatter, TextFormatter
from ld_data.errors import StorageError
from ld_data.storage.arrays import write_npy
from tests.support.service import BASE, NPY


@pytest.fixture
def log():
    """Set a format, and return the stream of all records from level info on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, service = logging.getLogger(), logging.getLogger("api")
    root.addHandler(handler)
    service.setLevel(logging.INFO)

    def read(formatter):
        handler.setFormatter(formatter)
        return stream

    yield read
    service.setLevel(logging.NOTSET)
    root.removeHandler(handler)


@pytest.fixture
def lines(log):
    """Return the JSON lines so far."""
    stream = log(JsonFormatter())
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.slow
def test_every_answer_has_an_id_of_its_own(client):
    routes = ["/info", "/nowhere", f"{BASE}/x/decode", "/docs", "/v1/datasets/nope"]
    ids = [client.get(route).headers["x-request-id"] for route in routes for _ in range(3)]
    assert len(set(ids)) == len(ids)


@pytest.mark.slow
@pytest.mark.parametrize("sent", ["a", "0b5e1a52-7e1c-4f3e-9b1c-3f1d2c4b5a69", "x" * 64])
def test_a_safe_id_of_the_client_is_kept(client, sent):
    assert client.get("/info", headers={"X-Request-ID": sent}).headers.get_list("x-request-id") == [sent]


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, 'a"b', "a\tb", "{}", "ä".encode("latin1")])
def test_any_other_is_replaced(client, sent):
    received = client.get("/info", headers={"X-Request-ID": sent}).headers.get_list("x-request-id")
    assert len(received) == 1
    assert received[0] != sent
    assert received[0].isascii()


def test_a_request_is_a_line_of_json(client, lines):
    body = write_npy(np.zeros((3, 4), np.float32))
    answer = client.post(f"{BASE}/x/decode", content=body, headers=NPY | {"X-Request-ID": "mine"})
    (line,) = lines()
    assert line.pop("time").startswith("20")
    assert 0 < line.pop("milliseconds") < 60_000
    assert line.pop("message").startswith(f"POST {BASE}/x/decode 200 in ")
    assert line == {
        "level": "info",
        "logger": "api.middleware.request_log",
        "request_id": "mine",
        "method": "POST",
        "route": "/v1/datasets/{release}/x/decode",
        "path": f"{BASE}/x/decode",
        "status": 200,
        "rows": 3,
        "bytes": len(answer.content),
    }


def test_the_line_of_a_refusal_has_the_reason(client, lines):
    answer = client.post(f"{BASE}/x/decode", content=b"0" * 20_001)
    (line,) = lines()
    assert (line["status"], line["error_type"], line["bytes"]) == (413, "too_large", len(answer.content))
    assert line["request_id"] == answer.headers["x-request-id"]


def test_no_path_can_forge_a_line(client, log):
    stream = log(TextFormatter())
    client.get("/a%0aforged line%1b[2J" + "x" * 1000)
    (line,) = stream.getvalue().splitlines()
    assert "/a%0Aforged%20line%1B%5B2J" in line
    assert len(line) < 400


def test_nothing_is_logged_below_the_level(client, lines):
    logging.getLogger("api").setLevel(logging.WARNING)
    client.get("/info")
    assert lines() == []


def test_an_unexpected_error_is_logged_with_the_id_in_the_answer(client, catalogue, lines, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(catalogue, "find", fail)
    answer = client.get(BASE)
    assert answer.status_code == 500
    error, request = lines()
    assert request["request_id"] == error["request_id"] == answer.headers["x-request-id"]
    assert (request["status"], error["level"]) == (500, "error")
    assert "ZeroDivisionError: by accident" in error["exception"]


def test_a_store_that_fails_is_logged_with_the_id(client, store, log, monkeypatch):
    def fail():
        raise StorageError("the disk is full")

    stream = log(TextFormatter())
    monkeypatch.setattr(store, "head", fail)
    answer = client.get(f"{BASE}/scores")
    assert answer.status_code == 503
    error, _ = stream.getvalue().splitlines()
    assert error == f"{answer.headers['x-request-id']} GET {BASE}/scores: the disk is full"
