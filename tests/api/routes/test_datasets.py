import hashlib
import io
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

import ld_data
from api.app import make_app
from api.settings import Access
from ld_data.release.dataset import NPY_FILES
from tests.support.service import BASE, assert_error, read_npy


def test_the_list_has_the_sizes(client):
    (only,) = client.get("/v1/datasets").json()["datasets"]
    assert only["name"] == "fake-4"
    assert (only["latent_dim"], only["classes"], only["rows_train"], only["rows_test"]) == (4, 3, 60, 30)
    assert only["input_shape"] == [2, 2]


def test_one_dataset_has_its_manifest_and_files(client, release):
    body = client.get(BASE).json()
    assert body["manifest"] == json.loads((release / "manifest.json").read_text())
    assert set(body["files"]) == {"data.npz", "model.json", "manifest.json", *NPY_FILES}


def test_every_file_downloads_from_its_address_with_its_hash(client):
    for name, record in client.get(BASE).json()["files"].items():
        response = client.get(record["url"])
        assert response.status_code == 200
        assert len(response.content) == record["size"]
        assert hashlib.sha256(response.content).hexdigest() == record["sha256"]
        assert response.headers["etag"] == f'"{record["sha256"]}"'
        assert name in response.headers["content-disposition"]


def test_the_downloaded_arrays_are_the_dataset(client):
    data = ld_data.load("fake-4")
    with np.load(io.BytesIO(client.get(f"{BASE}/files/data.npz").content), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["x_train"], data.train.x)
    assert np.array_equal(read_npy(client.get(f"{BASE}/files/test_y.npy")), data.test.y)


def test_head_answers_size_and_etag_without_the_content(client):
    whole, head = client.get(f"{BASE}/files/data.npz"), client.head(f"{BASE}/files/data.npz")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "etag", "content-type", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


def test_files_have_addresses_below_the_path_of_the_service(catalogue, store):
    client = TestClient(make_app(catalogue, store, access=Access(root_path="/ld")))
    record = client.get(BASE).json()["files"]["data.npz"]
    assert record["url"] == f"/ld{BASE}/files/data.npz"
    assert client.get(record["url"]).status_code == 200


@pytest.mark.parametrize("file", ["nope.npz", "..%2f..%2fetc%2fpasswd", "%2e%2e"])
def test_other_files_are_not_found(client, file):
    assert client.get(f"{BASE}/files/{file}").status_code == 404


def test_the_answer_to_an_unknown_name_lists_the_known_names(client):
    assert_error(client.get("/v1/datasets/nope"), 404, "unknown_name", "'nope'", "Known: fake-4")
    assert_error(client.get(f"{BASE}/files/nope"), 404, "unknown_name", "data.npz")


@pytest.mark.parametrize("change", ["rewrite", "delete"])
def test_a_changed_file_is_not_sent(client, release, change):
    path = release / "data.npz"
    content = path.read_bytes()
    path.unlink()
    if change == "rewrite":
        path.write_bytes(content[::-1])
    response = client.get(f"{BASE}/files/data.npz", headers={"Range": "bytes=10-"})
    assert_error(response, 503, "not_ready", "data.npz has changed", "Restart")
    assert_error(client.get("/health"), 503, "not_ready", "data.npz changed on disk")


def test_a_file_replaced_by_an_equal_one_is_sent(client, release):
    content = (release / "data.npz").read_bytes()
    (release / "data.npz").unlink()
    (release / "data.npz").write_bytes(content)
    assert client.get(f"{BASE}/files/data.npz").content == content
    assert client.get("/health").json()["status"] == "ok"
