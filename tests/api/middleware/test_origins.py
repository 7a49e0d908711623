"""Pages of other origins may send requests if the operator names them."""

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Access
from ld_data.errors import InputError
from tests.support.service import BASE, LIMITS, assert_error

ORIGIN = "http://localhost:3000"
ASK = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
ENCODE = f"{BASE}/y/encode"


@pytest.fixture
def start(catalogue, store):
    return lambda *origins: TestClient(make_app(catalogue, store, LIMITS, access=Access(origins=origins)))


@pytest.mark.parametrize(("named", "answered"), [(ORIGIN, ORIGIN), ("*", "*")])
def test_a_named_origin_may_send_requests(start, named, answered):
    client = start("https://a.example.org", named)
    asked = client.options(ENCODE, headers=ASK)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, answered)
    assert "POST" in asked.headers["access-control-allow-methods"]
    for answer in (
        client.get("/v1/datasets", headers={"Origin": ORIGIN}),
        client.post(ENCODE, json={"labels": [1]}, headers={"Origin": ORIGIN}),
        client.post(ENCODE, content=bytes(30_000), headers={"Origin": ORIGIN}),  # 413
        client.get("/nope", headers={"Origin": ORIGIN}),
    ):
        assert answer.headers["access-control-allow-origin"] == answered
        assert "ETag" in answer.headers["access-control-expose-headers"]


def test_other_origins_may_not(start):
    client = start("https://a.example.org")
    assert_error(client.options(ENCODE, headers=ASK), 400, "origin_refused", "origin", "--allow-origin")
    assert "access-control-allow-origin" not in client.get("/v1/datasets", headers={"Origin": ORIGIN}).headers
    asked = client.options(
        ENCODE, headers={**ASK, "Origin": "https://a.example.org", "Access-Control-Request-Method": "PUT"}
    )
    assert_error(asked, 400, "origin_refused", "method")


def test_by_default_no_origin_may(client):
    assert client.options(ENCODE, headers=ASK).status_code == 405
    assert "access-control-allow-origin" not in client.get("/v1/datasets", headers={"Origin": ORIGIN}).headers


@pytest.mark.parametrize(
    "origin", ["localhost:3000", "https://a.org/", "https://a.org/path", "ftp://a", "", "https://a b"]
)
def test_an_origin_that_is_none_is_refused(origin):
    with pytest.raises(InputError, match="an origin is like"):
        Access(origins=(origin,))
