import pytest

from api.errors import OverloadedError
from api.messages.refusals import respond_to
from api.releases.catalogue import Catalogue
from ld_data.errors import InputError
from tests.support.service import BASE, NPY, assert_error


def test_an_unknown_route_and_method_have_the_one_shape(client):
    assert_error(client.get("/nope"), 404, "unknown_name", "/docs")
    response = client.delete(f"{BASE}/scores")
    assert_error(response, 405, "method_not_allowed", "DELETE")
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize(
    ("method", "route", "takes"),
    [
        ("GET", f"{BASE}/x/encode", ["POST"]),
        ("GET", "/v1/sources/mnist1d/generate", ["POST"]),
        ("DELETE", f"{BASE}/scores", ["GET", "HEAD", "POST"]),
        ("PUT", f"{BASE}/files/data.npz", ["GET", "HEAD"]),
        ("POST", f"{BASE}/scores/1", ["DELETE"]),
        ("POST", "/", ["GET", "HEAD"]),
    ],
)
def test_the_answer_to_a_wrong_method_names_the_right_ones(client, method, route, takes):
    response = client.request(method, route)
    assert_error(response, 405, "method_not_allowed")
    assert response.json()["error"] == (
        f"{method} {route}: this route takes only {', '.join(takes)}. The routes are listed at /docs."
    )
    assert response.headers["allow"] == ", ".join(takes)


def test_the_answer_to_an_unexpected_error_holds_no_details(client, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr(Catalogue, "find", fail)
    response = client.get(BASE)
    assert_error(response, 500, "internal", "unexpected error")
    assert "secret" not in response.text


def test_a_bad_request_does_not_harm_the_next(client):
    client.post(f"{BASE}/x/decode", content=b"\x00", headers=NPY)
    assert client.post(f"{BASE}/x/decode", json={"vectors": [[1, 2, 3, 4]]}).status_code == 200


@pytest.mark.parametrize(("base", "statuses"), [(InputError, range(400, 500)), (OverloadedError, [429])])
def test_each_kind_of_a_wrong_or_untimely_request_has_a_status_of_the_client(base, statuses):
    kinds = [base, *(kind for kind in base.__subclasses__() if kind.__module__ in ("ld_data.errors", "api.errors"))]
    assert len(kinds) > 1 or base is OverloadedError
    found = {kind: respond_to(kind.__new__(kind, "a")).status_code for kind in kinds}
    assert not {kind: status for kind, status in found.items() if status not in statuses}
