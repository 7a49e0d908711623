"""The short way and the long way give the same answers."""

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.middleware.fast_path import FastPath
from api.work.codec_service import CodecService
from ld_data.storage.arrays import write_npy
from tests.support.service import BASE, LIMITS, NPY

ASKS = {
    "x/decode": ("vectors", np.ones((2, 4), np.float32)),
    "x/encode": ("inputs", np.ones((70, 2, 2), np.float32)),
    "y/encode": ("labels", np.array([0, 2])),
    "y/decode": ("vectors", np.ones((2, 4), np.float32)),
}


@pytest.fixture
def both(catalogue, store, monkeypatch):
    """Send a request both ways, and return both answers."""
    client = TestClient(make_app(catalogue, store, LIMITS), raise_server_exceptions=False)

    def ask(route, **request):
        short = client.post(route, **request)
        with monkeypatch.context() as patch:
            patch.setattr(FastPath, "_find", lambda self, scope: None)
            return short, client.post(route, **request)

    return ask


def assert_alike(short, long):
    assert short.status_code == long.status_code
    assert short.content == long.content
    headers = [dict(answer.headers) for answer in (short, long)]
    assert headers[0].pop("x-request-id") != headers[1].pop("x-request-id")
    assert headers[0] == headers[1]


@pytest.mark.parametrize("route", ASKS)
def test_answers_are_alike(both, route):
    field, array = ASKS[route]
    for request in ({"json": {field: array.tolist()}}, {"content": write_npy(array), "headers": NPY}):
        short, long = both(f"{BASE}/{route}", **request)
        assert short.status_code == 200
        assert_alike(short, long)


@pytest.mark.parametrize("rows", [1, 70])
def test_answers_of_the_open_inference_protocol_are_alike(both, rows):
    given = {"name": "vectors", "shape": [rows, 4], "datatype": "FP32", "data": [1.5] * rows * 4}
    for binary in (True, False):
        request = {"inputs": [given], "parameters": {"binary_data_output": binary}}
        short, long = both("/v2/models/fake-4.y.decoder/infer", json=request)
        assert short.status_code == 200
        assert_alike(short, long)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("route", "request_", "status"),
    [
        (f"{BASE}/x/decode", {"json": {"vectors": [[1]]}}, 422),
        (f"{BASE}/x/decode", {"content": b"[", "headers": {"Content-Type": "application/json"}}, 422),
        (f"{BASE}/x/decode", {"content": b"a", "headers": {"Content-Type": "text/plain"}}, 415),
        (f"{BASE}/x/decode", {"content": b"0" * 20_001}, 413),
        (f"{BASE}/x/decode", {"content": (b"0" * 1000 for _ in range(21))}, 413),
        (f"{BASE}/x/reverse", {"json": {}}, 404),
        (f"{BASE}/z/decode", {"json": {}}, 404),
        ("/v1/datasets/nope/x/decode", {"json": {"vectors": [[1, 2, 3, 4]]}}, 404),
        (f"{BASE}/x/decode?colour=red", {"json": {"vectors": [[1, 2, 3, 4]]}}, 422),
        (f"{BASE}/x/decode/", {"json": {}}, 307),
        ("/v2/models/fake-4.x.decoder/infer", {"json": {}}, 422),
        ("/v2/models/fake-4.x.decoder/infer?a=1", {"json": {}}, 422),
        ("/v2/models/fake-4.x.decoder/infer", {"content": b"a", "headers": {"Content-Type": "text/plain"}}, 415),
        ("/v2/models/fake-4.x.nothing/infer", {"json": {}}, 404),
    ],
)
def test_refusals_are_alike(both, route, request_, status):
    short, long = both(route, follow_redirects=False, **request_)
    assert short.status_code == status
    if "content" not in request_ or isinstance(request_["content"], bytes):  # a stream is gone after the first way
        assert_alike(short, long)


@pytest.mark.parametrize("route", [f"{BASE}/x/decode", "/v2/models/fake-4.x.decoder/infer"])
def test_unexpected_errors_are_alike(both, monkeypatch, route):
    async def fail(*_):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(CodecService, "ask", fail)
    short, long = both(route, json={})
    assert short.status_code == 500
    assert short.json()["error_type"] == "internal"
    assert_alike(short, long)
