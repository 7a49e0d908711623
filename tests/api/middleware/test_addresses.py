"""Addresses in answers: below the path of the service, as clients see it."""

import json

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Access
from ld_data.errors import InputError
from tests.support.service import BASE

PROXY = "10.0.0.1"
HEADERS = {"X-Forwarded-Prefix": "/ld", "X-Forwarded-Proto": "https", "Host": "hub.example.org"}
FILES = "https://hub.example.org/ld/v1/datasets/fake-4/files/"


@pytest.fixture
def start(catalogue, store):
    """Return a client of a service behind a proxy."""

    def make(peer=PROXY, **options):
        app = make_app(catalogue, store, access=Access(**options))
        return TestClient(app, follow_redirects=False, client=(peer, 1))

    return make


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ({"forwarded_allow_ips": "10.0.0.0/8"}, HEADERS),
        ({"forwarded_allow_ips": PROXY}, {**HEADERS, "X-Forwarded-Prefix": "/ld/"}),
        ({"forwarded_allow_ips": PROXY, "root_path": "/ld"}, {**HEADERS, "X-Forwarded-Prefix": "/other"}),
    ],
)
def test_all_addresses_begin_with_the_path_of_the_service(start, options, headers):
    client = start(**options)
    for prefix in ("", "/ld"):  # the proxy takes the path off, or leaves it

        def get(path, prefix=prefix, **more):
            return client.get(f"{prefix}{path}", headers=headers | more)

        assert get("/openapi.json").json()["servers"] == [{"url": "/ld"}]
        assert get("/docs").status_code == 200
        assert get(BASE).json()["files"]["data.npz"]["url"] == f"/ld{BASE}/files/data.npz"
        moved = get("/v1/datasets/")
        assert (moved.status_code, moved.headers["location"]) == (307, "https://hub.example.org/ld/v1/datasets")
        assert get("/nope").json()["error"].endswith(" The routes are listed at /ld/docs.")
        assert 'href="/ld/static/style.css"' in get("/nope", Accept="text/html").text
        assert client.post(f"{prefix}{BASE}/y/encode", json={"labels": [1]}, headers=headers).status_code == 200
        assert get("/static/main.js").status_code == 200


@pytest.mark.slow
def test_the_description_for_tools_has_the_path_of_the_service(start):
    client = start(forwarded_allow_ips=PROXY)
    described = json.loads(client.get(f"{BASE}/croissant.json", headers=HEADERS).text)
    addresses = [item["contentUrl"] for item in described["distribution"]]
    assert all(address.startswith(FILES) for address in addresses)


@pytest.mark.parametrize(
    ("options", "prefix"),
    [
        ({}, "/ld"),
        ({"forwarded_allow_ips": "127.0.0.1"}, "/ld"),
        ({"forwarded_allow_ips": PROXY}, "//evil.example.org"),
        ({"forwarded_allow_ips": PROXY}, "/a/../b"),
        ({"forwarded_allow_ips": PROXY}, "/<script>"),
        ({"forwarded_allow_ips": PROXY}, "/a, /b"),
        ({"forwarded_allow_ips": PROXY}, "https://evil.example.org"),
    ],
)
def test_other_paths_are_not_believed(start, options, prefix):
    described = start(**options).get(BASE, headers={**HEADERS, "X-Forwarded-Prefix": prefix})
    assert described.json()["files"]["data.npz"]["url"] == f"{BASE}/files/data.npz"


@pytest.mark.parametrize("path", ["ld", "/ld/", "//ld", "/a/../b", "/a b", "/ä"])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(InputError, match="root path must be like /ld"):
        Access(path)
