import asyncio
import hashlib
import io
import json
import shutil
import socket
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import httpx2
import numpy as np
import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

import ld_data
from api.app import make_app
from api.releases.catalogue import Catalogue
from api.settings import Limits
from api.work.admission import Admission
from api.work.batching import CHUNK_ROWS, Gatherer
from api.work.worker import Worker
from eval.leaderboard.store import Store
from ld_data.errors import IntegrityError, OverloadedError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import collect, make_mnist1d
from ld_data.release.builder import add_examples
from ld_data.release.dataset import NPY_FILES
from ld_data.release.examples import Examples
from ld_data.storage.arrays import write_npy
from tests.support.fakes import FakeCodec, make_source
from tests.support.servers import serve

NPY = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
BASE = "/v1/datasets/fake-4"
LIMITS = Limits(
    max_body_bytes=20_000,
    max_rows=200,
    max_values=50_000,
    max_streamed_values=100_000,
    max_requests=4,
    max_body_seconds=0.5,
)
SOURCE = make_source()


@pytest.fixture
def client(catalogue, store):
    app = make_app(catalogue, store, LIMITS)
    return TestClient(app, raise_server_exceptions=False)


def read_npy(response):
    return np.load(io.BytesIO(response.content), allow_pickle=False)


def assert_error(response, status, error_type, *words):
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "error_type"}
    assert body["error_type"] == error_type
    for word in words:
        assert word in body["error"], body["error"]


class TestStatus:
    def test_health_is_ok_when_every_release_is_ready(self, client):
        assert client.get("/health").json() == {"status": "ok", "ready": ["fake-4"], "not_ready": {}}

    def test_health_without_any_release_is_503(self, store):
        client = TestClient(make_app(Catalogue(), store))
        assert_error(client.get("/health"), 503, "not_ready", "build one")

    def test_info_announces_the_limits(self, client):
        info = client.get("/info").json()
        assert info["limits"] == asdict(LIMITS)
        assert info["workers"] == 1
        assert info["version"] == ld_data.__version__
        assert len(info["private_seed_sha256"]) == 64


class TestDatasets:
    def test_the_list_tells_sizes(self, client):
        (only,) = client.get("/v1/datasets").json()["datasets"]
        assert only["name"] == "fake-4"
        assert (only["latent_dim"], only["classes"], only["rows_train"], only["rows_test"]) == (4, 3, 60, 30)
        assert only["input_shape"] == [2, 2]

    def test_one_dataset_has_its_manifest_and_files(self, client, release):
        body = client.get(BASE).json()
        assert body["manifest"] == json.loads((release / "manifest.json").read_text())
        assert set(body["files"]) == {"data.npz", "model.json", "manifest.json", *NPY_FILES}

    def test_every_file_downloads_with_the_hash_and_address_that_are_told(self, client):
        for name, record in client.get(BASE).json()["files"].items():
            response = client.get(record["url"])
            assert response.status_code == 200
            assert len(response.content) == record["size"]
            assert hashlib.sha256(response.content).hexdigest() == record["sha256"]
            assert response.headers["etag"] == f'"{record["sha256"]}"'
            assert name in response.headers["content-disposition"]

    def test_the_downloaded_arrays_are_the_dataset(self, client):
        data = ld_data.load("fake-4")
        with np.load(io.BytesIO(client.get(f"{BASE}/files/data.npz").content), allow_pickle=False) as arrays:
            assert np.array_equal(arrays["x_train"], data.train.x)
        assert np.array_equal(read_npy(client.get(f"{BASE}/files/test_y.npy")), data.test.y)

    def test_a_file_that_the_client_has_is_not_sent_again(self, client):
        etag = client.get(f"{BASE}/files/data.npz").headers["etag"]
        for header in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            response = client.get(f"{BASE}/files/data.npz", headers={"If-None-Match": header})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == etag
        assert client.get(f"{BASE}/files/data.npz", headers={"If-None-Match": '"other"'}).status_code == 200

    def test_dates_tell_whether_the_client_has_the_file_where_no_etag_does(self, client):
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

    def test_another_file_than_the_one_that_is_wanted_is_412(self, client):
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
    def test_a_range_is_that_part_of_the_file(self, client, asked, part):
        whole = client.get(f"{BASE}/files/data.npz").content
        answer = client.get(f"{BASE}/files/data.npz", headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.content) == (206, whole[part])
        first, last, _ = part.indices(len(whole))
        assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/{len(whole)}"
        assert answer.headers["content-length"] == str(last - first)

    def test_ranges_resume_a_download(self, client):
        whole = client.get(f"{BASE}/files/data.npz")
        etag = whole.headers["etag"]
        headers = {"Range": "bytes=100-", "If-Range": etag}
        rest = client.get(f"{BASE}/files/data.npz", headers=headers)
        assert (rest.status_code, rest.content) == (206, whole.content[100:])
        assert rest.headers["content-range"] == f"bytes 100-{len(whole.content) - 1}/{len(whole.content)}"
        stale = client.get(f"{BASE}/files/data.npz", headers={**headers, "If-Range": '"other"'})
        assert (stale.status_code, stale.content) == (200, whole.content)

    def test_impossible_ranges_are_refused_in_the_one_shape(self, client):
        size = len(client.get(f"{BASE}/files/data.npz").content)
        beyond = client.get(f"{BASE}/files/data.npz", headers={"Range": "bytes=999999-"})
        assert_error(beyond, 416, "range_not_satisfiable", f"{size} bytes")
        assert beyond.headers["content-range"] == f"bytes */{size}"
        nonsense = client.get(f"{BASE}/files/data.npz", headers={"Range": "lines=1-2"})
        assert_error(nonsense, 400, "range_not_satisfiable")

    def test_head_tells_size_and_etag_without_the_content(self, client):
        whole, head = client.get(f"{BASE}/files/data.npz"), client.head(f"{BASE}/files/data.npz")
        assert head.status_code == 200
        assert head.content == b""
        for name in ("content-length", "etag", "content-type", "accept-ranges"):
            assert head.headers[name] == whole.headers[name]

    @pytest.mark.parametrize("file", ["nope.npz", "..%2f..%2fetc%2fpasswd", "%2e%2e"])
    def test_other_files_are_not_found(self, client, file):
        assert client.get(f"{BASE}/files/{file}").status_code == 404

    def test_unknown_names_are_told_with_the_known_ones(self, client):
        assert_error(client.get("/v1/datasets/nope"), 404, "unknown_name", "'nope'", "Known: fake-4")
        assert_error(client.get(f"{BASE}/files/nope"), 404, "unknown_name", "data.npz")

    def test_an_altered_release_is_not_served_and_the_others_are(self, release, tmp_path, monkeypatch):
        shutil.copytree(release, release.parent / "broken-4")
        (release.parent / "broken-4" / "data.npz").write_bytes(b"")
        with Catalogue() as catalogue:
            catalogue.add_all(release.parent, lambda folder: FakeCodec())
            client = TestClient(make_app(catalogue, Store(tmp_path / "s")))
            assert client.get("/health").json()["status"] == "degraded"
            assert_error(client.get("/v1/datasets/broken-4"), 503, "not_ready", "data.npz", "Fetch or build")
            assert client.get(BASE).status_code == 200

    @pytest.mark.parametrize("change", ["rewrite", "delete"])
    def test_a_file_that_changed_since_it_was_verified_is_not_sent(self, client, release, change):
        path = release / "data.npz"
        content = path.read_bytes()
        path.unlink()
        if change == "rewrite":
            path.write_bytes(content[::-1])
        response = client.get(f"{BASE}/files/data.npz", headers={"Range": "bytes=10-"})
        assert_error(response, 503, "not_ready", "data.npz has changed", "Restart")
        assert_error(client.get("/health"), 503, "not_ready", "data.npz changed on disk")

    def test_a_file_that_was_replaced_by_an_equal_one_is_sent(self, client, release):
        content = (release / "data.npz").read_bytes()
        (release / "data.npz").unlink()
        (release / "data.npz").write_bytes(content)
        assert client.get(f"{BASE}/files/data.npz").content == content
        assert client.get("/health").json()["status"] == "ok"

    def test_training_rows_are_left_on_disk(self, catalogue, release):
        (offered,) = catalogue.ready
        train = ld_data.load(release).train
        for space in "xy":
            rows = getattr(offered.data.train, space)
            assert isinstance(rows, np.memmap)
            assert np.array_equal(rows, getattr(train, space))

    def test_a_folder_whose_manifest_names_another_release_is_not_served(self, release):
        shutil.copytree(release, release.parent / "other-4")
        with Catalogue() as catalogue:
            catalogue.add_all(release.parent, lambda folder: FakeCodec())
            assert [offered.manifest.name for offered in catalogue.ready] == ["fake-4"]
            assert "holds the release fake-4" in catalogue.explain_not_ready()["other-4"]

    def test_a_release_that_stepped_aside_is_served(self, release):
        release.rename(release.parent / ".fake-4.previous")
        with Catalogue() as catalogue:
            catalogue.add_all(release.parent, lambda folder: FakeCodec())
            assert not catalogue.explain_not_ready()
            assert catalogue.find("fake-4").data.latent_dim == 4

    def test_models_that_cannot_be_loaded_make_a_release_not_ready(self, release):
        def fail(folder: Path):
            raise IntegrityError("the weights are gone")

        with Catalogue() as catalogue:
            catalogue.add_all(release.parent, fail)
            assert catalogue.explain_not_ready() == {"fake-4": "the weights are gone"}


class TestRows:
    @pytest.fixture
    def with_examples(self, release, store):
        inputs = np.arange(0, 80, 4, dtype=np.uint8).reshape(5, 2, 2)
        add_examples(release, Examples(inputs, np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2)))
        with Catalogue() as catalogue:
            catalogue.add_all(release.parent, lambda folder: FakeCodec())
            yield TestClient(make_app(catalogue, store))

    def test_a_row_tells_its_latents(self, client, catalogue):
        test = catalogue.find("fake-4").data.test
        row = client.get("/v1/datasets/fake-4/rows/7").json()
        assert (row["row"], row["label"], row["input"]) == (7, int(test.label[7]), None)
        assert row["x"] == pytest.approx(test.x[7].tolist())
        assert row["y"] == pytest.approx(test.y[7].tolist())

    def test_inputs_are_as_they_would_be_decoded(self, with_examples):
        row = with_examples.get("/v1/datasets/fake-4/rows/4").json()
        assert row["input"] == pytest.approx(np.array([[64, 68], [72, 76]]) / 255)
        assert with_examples.get("/v1/datasets/fake-4/rows/5").json()["input"] is None

    def test_the_map_tells_places_and_classes(self, with_examples, catalogue):
        found = with_examples.get("/v1/datasets/fake-4/map").json()
        assert found["places"][0] == [-1, pytest.approx(-9 / 11)]
        assert found["labels"] == catalogue.find("fake-4").data.test.label[:6].tolist()

    @pytest.mark.parametrize(("row", "status"), [("30", 404), ("-1", 422), ("x", 422), ("99999999999999", 422)])
    def test_a_row_that_is_not_there_is_told(self, row, status, client):
        answer = client.get(f"/v1/datasets/fake-4/rows/{row}")
        assert answer.status_code == status
        if status == 404:
            assert_error(answer, 404, "unknown_name", "fake-4 has no test row 30. It has 30: 0 to 29.")

    def test_a_release_without_examples_has_no_map(self, client):
        answer = client.get("/v1/datasets/fake-4/map")
        assert_error(answer, 404, "unknown_name", "python -m ld_data examples fake-4")


class TestCodecs:
    def test_x_decode_answers_inputs(self, client):
        response = client.post(f"{BASE}/x/decode", json={"vectors": [[0.5, -1.0, 2.0, 0.25]]})
        assert response.json() == {"inputs": [[[0.5, -1.0], [2.0, 0.25]]]}

    def test_x_encode_answers_vectors(self, client):
        inputs = SOURCE.inputs_test[:3]
        for mode in ("sample", "mean"):
            response = client.post(f"{BASE}/x/encode?mode={mode}&seed=3", json={"inputs": inputs.tolist()})
            expected = FakeCodec().x.encode(inputs, mode, 3)
            assert np.array_equal(np.array(response.json()["vectors"], np.float32), expected)

    def test_y_encode_and_decode_are_inverse(self, client):
        vectors = client.post(f"{BASE}/y/encode?seed=1", json={"labels": [2, 0, 1]}).json()["vectors"]
        answer = client.post(f"{BASE}/y/decode", json={"vectors": vectors}).json()
        assert answer["labels"] == [2, 0, 1]
        assert answer["probabilities"] == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]

    @pytest.mark.parametrize(
        ("route", "field", "array"),
        [
            ("x/decode", "vectors", np.ones((2, 4), np.float32)),
            ("x/encode", "inputs", np.ones((2, 2, 2), np.float32)),
            ("y/encode", "labels", np.array([0, 2])),
            ("y/decode", "vectors", np.ones((2, 4), np.float32)),
        ],
    )
    def test_npy_and_json_answer_alike(self, client, route, field, array):
        as_json = client.post(f"{BASE}/{route}", json={field: array.tolist()}).json()
        as_npy = client.post(f"{BASE}/{route}", content=write_npy(array), headers=NPY)
        assert as_npy.headers["content-type"] == "application/x-npy"
        values = next(value for name, value in as_json.items() if name != "labels")
        assert np.array_equal(read_npy(as_npy), np.array(values, np.float32))

    @pytest.mark.parametrize("small_body", [10, 10**6], ids=["read in a thread", "read at once"])
    @pytest.mark.parametrize(
        ("route", "field", "shape"), [("x/decode", "vectors", (4,)), ("x/encode", "inputs", (2, 2))]
    )
    def test_large_answers_come_in_parts_and_are_the_same(self, client, monkeypatch, route, field, shape, small_body):
        monkeypatch.setattr("api.work.codec_service.SMALL_BODY_BYTES", small_body)
        array = np.random.default_rng(0).uniform(size=(CHUNK_ROWS + 5, *shape)).astype(np.float32)
        space, way = route.split("/")
        expected = getattr(getattr(FakeCodec(), space), way)(array)
        as_npy = client.post(f"{BASE}/{route}", content=write_npy(array), headers=NPY)
        assert as_npy.content == write_npy(expected)
        assert int(as_npy.headers["content-length"]) == len(as_npy.content)
        as_json = client.post(f"{BASE}/{route}", json={field: array.tolist()})
        assert as_json.headers["content-type"] == "application/json"
        (values,) = as_json.json().values()
        assert np.array_equal(np.array(values, np.float32), expected)
        assert len(client.app.state.worker) == 0

    def test_requests_that_come_together_get_their_own_answers_and_a_bad_one_fails_alone(self, client):
        def ask(address, number):
            vectors = [[number, 1, 2, 3 if number % 3 else None]]
            return httpx2.post(f"{address}{BASE}/x/decode", json={"vectors": vectors})

        with serve(client.app) as address, ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda number: ask(address, number), range(40)))
        for number, answer in enumerate(answers):
            if number % 3:
                assert answer.json() == {"inputs": [[[number, 1], [2, 3]]]}
            else:
                assert_error(answer, 422, "invalid_input", "numbers")

    def test_the_service_redraws_the_dataset(self, client):
        data = ld_data.load("fake-4")
        labels = data.test.label[5:8].tolist()
        response = client.post(f"{BASE}/y/encode?seed=0&first_row=65", json={"labels": labels})
        assert np.array_equal(np.array(response.json()["vectors"], np.float32), data.test.y[5:8])

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"vectors": [[1.0, 2.0]]}, ["(n, 4)", "(1, 2)"]),
            ({"vectors": [1.0, 2.0, 3.0, 4.0]}, ["(n, 4)"]),
            ({"vectors": []}, ["1 or more"]),
            ({"vectors": [[1, 2, 3, 4], [1]]}, ["rectangular"]),
            ({"vectors": [["a", "b", "c", "d"]]}, ["numbers"]),
            ({"vectors": [[1, 2, 3, None]]}, ["numbers"]),
            ({"vectors": [[1, 2, 3, 1e300]]}, ["finite"]),
            ({"vectors": 3}, ["(n, 4)"]),
            ({"vectors": {}}, ["numbers"]),
            ({"vector": [[1, 2, 3, 4]]}, ["vectors", "'vector'"]),
            ({"vectors": [[1, 2, 3, 4]], "mode": "mean"}, ["mode"]),
            ([1], ["JSON object"]),
        ],
    )
    @pytest.mark.parametrize("space", ["x", "y"])
    def test_bad_vectors_are_422_with_the_reason(self, client, space, body, words):
        assert_error(client.post(f"{BASE}/{space}/decode", json=body), 422, "invalid_input", *words)

    @pytest.mark.parametrize(
        "body", [b"", b"{", b'{"vectors": [[NaN, 1, 2, 3]]}', b"\xff\xfe", b'{"vectors": ' + b"[" * 5000]
    )
    def test_a_body_that_is_no_json_is_422(self, client, body):
        headers = {"Content-Type": "application/json"}
        assert_error(client.post(f"{BASE}/x/decode", content=body, headers=headers), 422, "invalid_input", "JSON")

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            (b"", "numpy.save"),
            (write_npy(np.ones((1, 4)))[:-1], "declares 32 bytes"),
            (write_npy(np.full((1, 4), np.nan)), "finite"),
            (write_npy(np.ones((1, 4), complex)), "numbers"),
        ],
    )
    def test_a_bad_npy_is_422(self, client, body, word):
        assert_error(client.post(f"{BASE}/x/decode", content=body, headers=NPY), 422, "invalid_input", word)

    def test_what_curl_sends_by_itself_is_read_as_json(self, client):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = client.post(f"{BASE}/x/decode", content=b'{"vectors": [[1, 2, 3, 4]]}', headers=headers)
        assert response.status_code == 200

    def test_another_media_type_is_415(self, client):
        response = client.post(f"{BASE}/x/decode", content=b"1,2", headers={"Content-Type": "text/csv"})
        assert_error(response, 415, "unsupported_media_type", "application/json or application/x-npy", "text/csv")

    @pytest.mark.parametrize("query", ["mode=median", "seed=-1", "seed=x", f"seed={2**63}", "first_row=-1"])
    def test_bad_options_are_422(self, client, query):
        name = query.split("=")[0]
        assert_error(client.post(f"{BASE}/x/encode?{query}", json={"inputs": []}), 422, "invalid_input", name)

    def test_an_unknown_option_is_422(self, client):
        response = client.post(f"{BASE}/y/encode?sed=1", json={"labels": [1]})
        assert_error(response, 422, "invalid_input", "sed", "first_row, mode, seed")
        assert_error(client.get("/info?a=1"), 422, "invalid_input", "takes no query parameters")

    def test_npy_sent_as_json_is_told(self, client):
        response = client.post(f"{BASE}/x/decode", content=write_npy(np.ones((1, 4))))
        assert_error(response, 422, "invalid_input", "Content-Type: application/x-npy")

    @pytest.mark.parametrize("labels", [[3], [-1], [0.5], ["a"], [], [[0]]])
    def test_bad_labels_are_422(self, client, labels):
        assert_error(client.post(f"{BASE}/y/encode", json={"labels": labels}), 422, "invalid_input", "labels")

    @pytest.mark.parametrize("route", ["x/encode", "x/decode", "y/encode", "y/decode", "scores?name=a"])
    def test_an_unknown_release_is_404(self, client, route):
        assert_error(client.post(f"/v1/datasets/nope/{route}", json={}), 404, "unknown_name", "nope")


class TestLimits:
    def test_too_many_rows_are_413_with_the_limit(self, client):
        response = client.post(f"{BASE}/x/decode", content=write_npy(np.ones((201, 4), np.float32)), headers=NPY)
        assert_error(response, 413, "too_large", "at most 200 rows", "201")

    def test_a_body_that_declares_too_much_is_413_with_the_limit(self, client):
        assert_error(client.post(f"{BASE}/x/decode", content=b"x" * 20_001), 413, "too_large", "20000 bytes", "20001")

    def test_a_body_of_unknown_length_is_413_once_it_is_too_long(self, client):
        response = client.post(f"{BASE}/x/decode", content=(b"x" * 1000 for _ in range(30)))
        assert_error(response, 413, "too_large", "20000 bytes")

    def test_overload_is_429_with_retry_after_and_what_was_taken_on_is_answered(self, catalogue, tmp_path, monkeypatch):
        """The limit is filled with requests that wait; every kind of work is then refused, and status still answers."""
        entered, leave = threading.Semaphore(0), threading.Event()

        def wait(plan):
            entered.release()
            leave.wait(10)
            return collect(plan)

        monkeypatch.setattr("api.routes.generator.collect", wait)
        monkeypatch.setattr("os.cpu_count", lambda: LIMITS.max_requests)
        client = TestClient(make_app(catalogue, Store(tmp_path / "other.sqlite"), LIMITS))
        with client, ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(client.post, TestGenerator.route, json={"num_samples": 50}) for _ in range(4)]
            for _ in waiting:
                assert entered.acquire(timeout=10)
            assert len(client.app.state.worker) == LIMITS.max_requests
            large = {"content": write_npy(np.zeros((65, 4), np.float32)), "headers": NPY}
            for route, body in ((f"{BASE}/scores?name=a", {}), (TestGenerator.route, {}), (f"{BASE}/x/decode", large)):
                response = client.post(route, **body)
                assert_error(response, 429, "overloaded", "in progress")
                assert response.headers["retry-after"] == "1"
            assert client.get("/health").status_code == 200
            assert client.post(f"{BASE}/x/decode", json={"vectors": [[1, 2, 3, 4]]}).status_code == 200
            leave.set()
            assert [answer.result().status_code for answer in waiting] == [200] * 4
        assert len(client.app.state.worker) == 0

    @pytest.mark.parametrize("path", ["x/encode", "x/decode", "y/encode", "y/decode", "x/encode?seed=1"])
    def test_rows_beyond_what_may_wait_are_429_before_their_body_is_read(self, client, path):
        admission = client.app.state.worker.admission
        with admission.hold_rows(LIMITS.max_waiting_rows), serve(client.app) as address:
            host, port = address.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port)), timeout=10) as sender:
                sender.sendall(f"POST {BASE}/{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n".encode())
                answer = sender.recv(1000).decode()
            assert answer.startswith("HTTP/1.1 429")
            assert "retry-after: 1" in answer
            assert f"{LIMITS.max_waiting_rows} rows wait" in answer
        assert admission.waiting_rows == 0

    def test_rows_wait_until_they_are_computed_and_a_long_answer_s_no_longer_than_its_first(self, client, monkeypatch):
        seen = []
        admission = client.app.state.worker.admission
        run = Gatherer.run

        async def watch(self, *arguments):
            seen.append(admission.waiting_rows)
            return await run(self, *arguments)

        monkeypatch.setattr(Gatherer, "run", watch)
        for rows in (3, 200):
            body = write_npy(np.zeros((rows, 4), np.float32))
            assert client.post(f"{BASE}/x/decode", content=body, headers=NPY).status_code == 200
            assert admission.waiting_rows == 0
        assert client.post(f"{BASE}/y/decode", content=body, headers=NPY).status_code == 200
        assert 3 <= seen[0] < CHUNK_ROWS
        assert seen[1:] == [CHUNK_ROWS]
        assert admission.waiting_rows == 0

    def test_all_bodies_together_hold_a_limited_number_of_bytes(self, catalogue, store):
        client = TestClient(make_app(catalogue, store, replace(LIMITS, max_held_bytes=500)))
        body = write_npy(np.zeros((10, 4), np.float32))
        assert client.post(f"{BASE}/x/decode", content=body, headers=NPY).status_code == 200
        response = client.post(f"{BASE}/x/decode", content=body * 2, headers=NPY)
        assert_error(response, 429, "overloaded", "all together may hold 500")
        assert client.app.state.worker.admission.held_bytes == 0
        assert client.post(f"{BASE}/x/decode", content=body, headers=NPY).status_code == 200

    def test_a_body_that_does_not_come_is_408_and_takes_no_place(self, client):
        with serve(client.app) as address:
            host, port = address.removeprefix("http://").split(":")
            senders = [socket.create_connection((host, int(port)), timeout=10) for _ in range(LIMITS.max_requests + 1)]
            for sender in senders:
                sender.sendall(f"POST {BASE}/x/decode HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n".encode())
            response = httpx2.post(f"{address}{BASE}/x/decode", json={"vectors": [[1, 2, 3, 4]]})
            assert response.status_code == 200
            for sender in senders:
                assert sender.recv(1000).startswith(b"HTTP/1.1 408")
                sender.close()

    def test_admission_counts_and_releases_places(self):
        admission = Admission(Limits(max_requests=1))
        with admission.admit(), pytest.raises(OverloadedError), admission.admit():
            pass
        with pytest.raises(ZeroDivisionError), admission.admit():
            raise ZeroDivisionError
        with admission.admit():
            pass

    def test_admission_counts_waiting_rows(self):
        admission = Admission(Limits(max_waiting_rows=10))
        with admission.hold_rows(6):
            admission.check_rows(4)
            with pytest.raises(OverloadedError, match="6 rows wait for the models; 10 may"), admission.hold_rows(5):
                pass
        assert admission.waiting_rows == 0


class TestGenerator:
    route = "/v1/sources/mnist1d/generate"

    def test_it_answers_the_generator_s_signals(self, client):
        config = Mnist1dConfig(num_samples=50, padding=(10, 20), seed=3)
        answer = client.post(self.route, json={"num_samples": 50, "padding": [10, 20], "seed": 3}).json()
        data = make_mnist1d(config)
        assert set(answer) == {"x", "y", "x_test", "y_test", "t"}
        for name, values in answer.items():
            expected = getattr(data, name)
            assert np.array_equal(np.array(values, expected.dtype), expected), name

    def test_the_original_s_signals_can_be_asked_for_and_other_templates(self, client):
        templates = np.random.default_rng(0).normal(size=(3, 5))
        body = {"num_samples": 30, "mode": "canonical", "templates": templates.tolist()}
        expected = make_mnist1d(Mnist1dConfig(num_samples=30), templates, "canonical")
        assert np.array_equal(np.array(client.post(self.route, json=body).json()["x"]), expected.x)

    def test_npy_holds_all_signals(self, client):
        response = client.post(self.route, json={"num_samples": 50}, headers={"Accept": "application/x-npy"})
        data = make_mnist1d(Mnist1dConfig(num_samples=50))
        assert response.headers["content-type"] == "application/x-npy"
        assert np.array_equal(read_npy(response), np.concatenate([data.x, data.x_test]))

    def test_npz_holds_the_data_set(self, client):
        response = client.post(self.route, json={"num_samples": 50}, headers={"Accept": "application/x-npz"})
        data = make_mnist1d(Mnist1dConfig(num_samples=50))
        with np.load(io.BytesIO(response.content), allow_pickle=False) as found:
            for name in found.files:
                assert np.array_equal(found[name], getattr(data, name))

    @pytest.mark.parametrize("accept", ["application/x-npy", "application/x-npz"])
    def test_a_stream_may_be_longer_than_other_answers_but_not_endless(self, client, accept):
        headers = {"Accept": accept}
        assert client.post(self.route, json={"num_samples": 2000}, headers=headers).status_code == 200
        refused = client.post(self.route, json={"num_samples": 3000}, headers=headers)
        assert_error(refused, 413, "too_large", "stream at most 100000 numbers; this one would 120000")
        canonical = {"num_samples": 2000, "mode": "canonical"}
        assert_error(client.post(self.route, json=canonical, headers=headers), 413, "too_large", "200 signals")

    def test_a_stream_holds_its_place_to_the_end_and_no_longer(self, client):
        worker = client.app.state.worker
        for body, status in (({"num_samples": 50}, 200), ({"num_samples": 0}, 422)):
            response = client.post(self.route, json=body, headers={"Accept": "application/x-npz"})
            assert response.status_code == status
            assert len(worker) == 0

    def test_a_stream_that_breaks_gives_its_place_back(self):
        worker = Worker(LIMITS)

        bodies = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive():
            return bodies.pop() if bodies else await asyncio.Event().wait()

        async def fail(message):
            assert len(worker) == 1
            raise OSError("the client has gone")

        async def answer():
            scope = {"type": "http", "method": "POST", "headers": []}
            response = await worker.stream(Request(scope, receive), lambda body: iter([b"a", b"b"]), "text/plain")
            await response(scope, receive, fail)

        with pytest.raises((OSError, ExceptionGroup, ClientDisconnect)):
            asyncio.run(answer())
        assert len(worker) == 0

    def test_a_stream_waits_for_a_place(self, client):
        worker = client.app.state.worker
        with ExitStack() as places:
            for _ in range(worker.limits.max_requests):
                places.enter_context(worker.admission.admit())
            response = client.post(self.route, json={"num_samples": 50}, headers={"Accept": "application/x-npy"})
            assert_error(response, 429, "overloaded", "in progress")

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            ({"num_samples": 0}, "num_samples"),
            ({"num_samples": "50"}, "num_samples"),
            ({"padding": [60, 36]}, "padding"),
            ({"padding": [1, 2, 3]}, "padding"),
            ({"iid_noise_scale": -1}, "iid_noise_scale"),
            ({"noise": 1}, "unknown arguments: noise"),
            ({"mode": "quick"}, "mode must be canonical or fast"),
            ({"num_samples": 50, "templates": [[1, 2, 3], [1, 2]]}, "templates must be a rectangular array"),
            ({"templates": [[1], [2]]}, "templates must have shape"),
            ({"num_samples": 50, "max_translation": 2**63}, "max_translation"),
            ({"template_len": 1, "padding": [0, 0]}, "2 or more"),
            ({"num_samples": 50, "iid_noise_scale": 1e308}, "iid_noise_scale"),
        ],
    )
    def test_bad_arguments_are_422_by_name(self, client, body, word):
        assert_error(client.post(self.route, json=body), 422, "invalid_input", word)

    def test_too_many_samples_are_413(self, client):
        assert_error(client.post(self.route, json={"num_samples": 201}), 413, "too_large", "200 signals", "Accept")

    @pytest.mark.parametrize("change", [{"final_seq_length": 10_000}, {"padding": [0, 1000]}])
    def test_too_much_work_is_413(self, client, change):
        assert_error(client.post(self.route, json={"num_samples": 50, **change}), 413, "too_large", "50000 numbers")

    def test_long_templates_are_413(self, client):
        body = {"num_samples": 4, "template_len": 1, "padding": [0, 19], "templates": [[0] * 1500, [1] * 1500]}
        assert_error(client.post(self.route, json=body), 413, "too_large", "50000 numbers")

    def test_another_media_type_is_415(self, client):
        response = client.post(self.route, content=b"a", headers={"Content-Type": "application/x-npy"})
        assert_error(response, 415, "unsupported_media_type", "application/json")


class TestScores:
    route = f"{BASE}/scores"

    def oracle(self, noise):
        data = ld_data.load("fake-4")
        random = np.random.default_rng(0)
        return (data.class_mean[data.test.label] + random.normal(0, noise, data.test.y.shape)).astype(np.float32)

    def test_a_score_is_computed_by_the_service_and_listed_in_order(self, client):
        for name, noise in (("worse", 0.5), ("better", 0.1)):
            response = client.post(
                self.route,
                params={"name": name, "url": "https://a.b"},
                content=write_npy(self.oracle(noise)),
                headers=NPY,
            )
            assert response.status_code == 201
            assert response.json()["noise_free_mse"] == pytest.approx(noise**2, rel=0.4)
        scores = client.get(self.route).json()["scores"]
        assert [entry["name"] for entry in scores] == ["better", "worse"]
        assert scores[0]["url"] == "https://a.b"
        assert len(client.get(f"{self.route}?limit=1").json()["scores"]) == 1

    def test_predictions_may_be_json(self, client):
        body = {"predictions": self.oracle(0.1).tolist()}
        assert client.post(f"{self.route}?name=a", json=body).status_code == 201

    def test_a_leak_is_refused_with_the_reason(self, client):
        y = ld_data.load("fake-4").test.y
        response = client.post(f"{self.route}?name=copy", content=write_npy(y), headers=NPY)
        assert_error(response, 422, "leak", "below the floor", "leaked")
        assert client.get(self.route).json()["scores"] == []

    @pytest.mark.parametrize(
        ("params", "word"),
        [
            ({}, "name"),
            ({"name": ""}, "name"),
            ({"name": "a" * 101}, "name"),
            ({"name": "a", "url": "ftp://x"}, "url"),
            ({"name": "a", "url": "http://["}, "url"),
        ],
    )
    def test_bad_texts_are_422(self, client, params, word):
        response = client.post(self.route, params=params, content=write_npy(self.oracle(0.1)), headers=NPY)
        assert_error(response, 422, "invalid_input", word)

    @pytest.mark.parametrize("shape", [(29, 4), (30, 3), (30,)])
    def test_predictions_of_another_shape_are_422(self, client, shape):
        response = client.post(f"{self.route}?name=a", content=write_npy(np.zeros(shape)), headers=NPY)
        assert_error(response, 422, "invalid_input", "predictions")

    def test_a_broken_store_is_503_and_the_log_tells_why(self, client, monkeypatch, caplog):
        def fail(*_, **__):
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr("sqlite3.dbapi2.connect", fail)
        response = client.post(f"{self.route}?name=a", content=write_npy(self.oracle(0.1)), headers=NPY)
        assert_error(response, 503, "storage", "nothing was changed")
        assert "disk is full" in caplog.text


class TestErrors:
    def test_an_unknown_route_and_method_have_the_one_shape(self, client):
        assert_error(client.get("/nope"), 404, "unknown_name", "/docs")
        response = client.delete(f"{BASE}/scores")
        assert_error(response, 405, "method_not_allowed", "DELETE")
        assert "GET" in response.headers["allow"]

    @pytest.mark.parametrize(
        ("method", "route", "takes"),
        [
            ("GET", f"{BASE}/x/encode", ["POST"]),
            ("GET", "/v1/sources/mnist1d/generate", ["POST"]),
            ("DELETE", f"{BASE}/scores", ["GET", "POST"]),
            ("PUT", f"{BASE}/files/data.npz", ["GET", "HEAD"]),
            ("POST", f"{BASE}/scores/1", ["DELETE"]),
            ("POST", "/", ["GET", "HEAD"]),
        ],
    )
    def test_a_wrong_method_is_told_which_the_route_takes(self, client, method, route, takes):
        response = client.request(method, route)
        assert_error(response, 405, "method_not_allowed")
        assert response.json()["error"] == (
            f"{method} {route}: this route takes {' and '.join(takes)} alone. The routes are listed at /docs."
        )
        assert response.headers["allow"] == ", ".join(takes)

    def test_an_unexpected_error_tells_no_secrets(self, client, catalogue, monkeypatch):
        def fail(*_):
            raise RuntimeError("secret")

        monkeypatch.setattr(Catalogue, "find", fail)
        response = client.get(BASE)
        assert_error(response, 500, "internal", "unexpected error")
        assert "secret" not in response.text

    def test_a_bad_request_does_not_harm_the_next(self, client):
        client.post(f"{BASE}/x/decode", content=b"\x00", headers=NPY)
        assert client.post(f"{BASE}/x/decode", json={"vectors": [[1, 2, 3, 4]]}).status_code == 200


class TestOpenApi:
    @pytest.fixture
    def operations(self, client):
        paths = client.get("/openapi.json").json()["paths"]
        return {
            (method.upper(), path): operation
            for path, methods in paths.items()
            for method, operation in methods.items()
        }

    def test_every_error_status_that_these_tests_saw_is_documented(self, operations):
        post = {
            ("POST", f"/v1/datasets/{{release}}/{route}") for route in ("x/encode", "x/decode", "y/encode", "y/decode")
        }
        generate = operations["POST", "/v1/sources/mnist1d/generate"]
        assert {"408", "413", "415", "422", "429"} <= set(generate["responses"])
        assert generate["requestBody"]["required"]
        for operation in post | {("POST", "/v1/datasets/{release}/scores")}:
            assert {"408", "404", "413", "415", "422", "429", "503"} <= set(operations[operation]["responses"])
            assert set(operations[operation]["requestBody"]["content"]) == {"application/json", "application/x-npy"}
        download = operations["GET", "/v1/datasets/{release}/files/{file}"]["responses"]
        assert {"200", "206", "304", "404", "416", "503"} <= set(download)

    def test_limits_are_documented(self, client):
        description = client.get("/openapi.json").json()["info"]["description"]
        for limit in asdict(LIMITS).values():
            assert f"{limit:g}" in description or str(limit) in description

    def test_errors_are_documented_in_their_one_shape(self, operations):
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert response["content"]["application/json"]["schema"] == {
                        "$ref": "#/components/schemas/ErrorBody"
                    }

    def test_scores_are_typed(self, client):
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        assert schemas["ScoreEntry"]["properties"]["noise_free_mse"]["type"] == "number"

    def test_operations_have_summaries_and_unique_names(self, operations):
        assert all(operation["summary"] for operation in operations.values())
        names = [operation["operationId"] for operation in operations.values()]
        assert len(names) == len(set(names))
