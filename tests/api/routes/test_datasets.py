import hashlib
import io
import json

import numpy as np
import pytest

import ld_data
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


def test_a_known_file_is_not_sent_again(client):
    etag = client.get(f"{BASE}/files/data.npz").headers["etag"]
    for header in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        response = client.get(f"{BASE}/files/data.npz", headers={"If-None-Match": header})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == etag
    assert client.get(f"{BASE}/files/data.npz", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_date_decides_without_an_etag(client):
    whole = client.get(f"{BASE}/files/data.npz")
    date, long_ago = whole.headers["last-modified"], "Mon, 01 Jan 2001 00:00:00 GMT"
    cases = [
        ({"If-Modified-Since": date}, 304),
        ({"If-Modified-Since": long_ago}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": f"Mon, 01 Jan 2001 00:00:00 +{'9' * 20}"}, 200),
        ({"If-Modified-Since": date, "If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": long_ago, "If-None-Match": whole.headers["etag"]}, 304),
    ]
    for headers, status in cases:
        assert client.get(f"{BASE}/files/data.npz", headers=headers).status_code == status, headers
        assert client.head(f"{BASE}/files/data.npz", headers=headers).status_code == status, headers


def test_a_failed_precondition_is_412(client):
    whole = client.get(f"{BASE}/files/data.npz")
    etag, long_ago = whole.headers["etag"], "Mon, 01 Jan 2001 00:00:00 GMT"
    for headers in ({"If-Match": '"other"'}, {"If-Match": f"W/{etag}"}, {"If-Unmodified-Since": long_ago}):
        refused = client.get(f"{BASE}/files/data.npz", headers={**headers, "Range": "bytes=10-"})
        assert_error(refused, 412, "precondition_failed", "If-Match", "data.npz")
        assert refused.headers["etag"] == etag
        assert client.head(f"{BASE}/files/data.npz", headers=headers).status_code == 412
    for headers in (
        {"If-Match": etag},
        {"If-Match": f'"other", {etag}'},
        {"If-Match": "*"},
        {"If-Unmodified-Since": whole.headers["last-modified"]},
        {"If-Unmodified-Since": long_ago, "If-Match": etag},
    ):
        assert client.get(f"{BASE}/files/data.npz", headers=headers).content == whole.content, headers


@pytest.mark.parametrize(("asked", "part"), [("0-9", slice(10)), ("-7", slice(-7, None)), ("5-5", slice(5, 6))])
def test_a_range_is_that_part_of_the_file(client, asked, part):
    whole = client.get(f"{BASE}/files/data.npz").content
    answer = client.get(f"{BASE}/files/data.npz", headers={"Range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (206, whole[part])
    first, last, _ = part.indices(len(whole))
    assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/{len(whole)}"
    assert answer.headers["content-length"] == str(last - first)


def test_ranges_resume_a_download(client):
    whole = client.get(f"{BASE}/files/data.npz")
    etag = whole.headers["etag"]
    headers = {"Range": "bytes=100-", "If-Range": etag}
    rest = client.get(f"{BASE}/files/data.npz", headers=headers)
    assert (rest.status_code, rest.content) == (206, whole.content[100:])
    assert rest.headers["content-range"] == f"bytes 100-{len(whole.content) - 1}/{len(whole.content)}"
    stale = client.get(f"{BASE}/files/data.npz", headers={**headers, "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, whole.content)


def test_impossible_ranges_are_refused_in_the_one_shape(client):
    size = len(client.get(f"{BASE}/files/data.npz").content)
    beyond = client.get(f"{BASE}/files/data.npz", headers={"Range": "bytes=999999-"})
    assert_error(beyond, 416, "range_not_satisfiable", f"{size} bytes")
    assert beyond.headers["content-range"] == f"bytes */{size}"
    nonsense = client.get(f"{BASE}/files/data.npz", headers={"Range": "lines=1-2"})
    assert_error(nonsense, 400, "range_not_satisfiable")


def test_head_answers_size_and_etag_without_the_content(client):
    whole, head = client.get(f"{BASE}/files/data.npz"), client.head(f"{BASE}/files/data.npz")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "etag", "content-type", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


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
