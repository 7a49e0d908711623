from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import pytest

import ld_data
from api.work.batching import CHUNK_ROWS
from ld_data.storage.arrays import write_npy
from tests.ld_data.storage.test_arrays import Bomb, save_npy
from tests.support.fakes import FakeCodec, make_source
from tests.support.servers import serve
from tests.support.service import BASE, NPY, assert_error, read_npy

SOURCE = make_source()
ROWS = np.arange(8, dtype=np.float32).reshape(2, 4)
GOOD = write_npy(ROWS)
BAD_VECTORS = [
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
]
BAD_JSON = [b"", b"{", b'{"vectors": [[NaN, 1, 2, 3]]}', b"\xff\xfe", b'{"vectors": ' + b"[" * 5000]
BAD_NPY = [
    (b"", "numpy.save"),
    (GOOD[:-1], "declares 32 bytes"),
    (GOOD[:50], "could not read"),
    (GOOD.replace(b"(2, 4)", b"(20000000, 128)").replace(b" " * 10 + b"\n", b" \n"), "declares 10240000000 bytes"),
    (save_npy(np.array([[Bomb()] * 4], dtype=object)), "never unpickled"),
    (write_npy(np.full((1, 4), np.nan)), "finite"),
    (write_npy(np.ones((1, 4), complex)), "numbers"),
    (save_npy(np.zeros((0, 4))), "1 or more"),
    (b"\x00" * 1000, "could not read"),
]


def test_x_decode_answers_inputs(client):
    response = client.post(f"{BASE}/x/decode", json={"vectors": [[0.5, -1.0, 2.0, 0.25]]})
    assert response.json() == {"inputs": [[[0.5, -1.0], [2.0, 0.25]]]}


def test_x_encode_answers_vectors(client):
    inputs = SOURCE.inputs_test[:3]
    for mode in ("sample", "mean"):
        response = client.post(f"{BASE}/x/encode?mode={mode}&seed=3", json={"inputs": inputs.tolist()})
        expected = FakeCodec().x.encode(inputs, mode, 3)
        assert np.array_equal(np.array(response.json()["vectors"], np.float32), expected)


def test_y_encode_and_decode_are_inverse(client):
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
def test_npy_and_json_answer_alike(client, route, field, array):
    as_json = client.post(f"{BASE}/{route}", json={field: array.tolist()}).json()
    as_npy = client.post(f"{BASE}/{route}", content=write_npy(array), headers=NPY)
    assert as_npy.headers["content-type"] == "application/x-npy"
    values = next(value for name, value in as_json.items() if name != "labels")
    assert np.array_equal(read_npy(as_npy), np.array(values, np.float32))


@pytest.mark.parametrize(
    "body",
    [
        save_npy(np.asfortranarray(ROWS)),
        save_npy(ROWS.astype(np.float64)),
        save_npy(ROWS.astype(np.int16)),
        save_npy(ROWS.astype(">f4")),
        [GOOD[:100], GOOD[100:]],
    ],
    ids=["Fortran order", "float64", "integers", "big-endian", "chunks without a length"],
)
def test_unusual_arrays_are_read(client, body):
    answer = client.post(f"{BASE}/x/decode", content=iter(body) if isinstance(body, list) else body, headers=NPY)
    assert (answer.status_code, answer.content) == (200, write_npy(ROWS.reshape(-1, 2, 2)))


@pytest.mark.parametrize("small_body", [10, 10**6], ids=["read in a thread", "read at once"])
@pytest.mark.parametrize(("route", "field", "shape"), [("x/decode", "vectors", (4,)), ("x/encode", "inputs", (2, 2))])
def test_large_answers_come_in_parts_and_are_the_same(client, monkeypatch, route, field, shape, small_body):
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
    assert client.app.state.worker.admission.requests.used == 0


@pytest.mark.slow
def test_requests_at_the_same_time_get_their_own_answers_and_a_bad_one_fails_alone(client):
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


def test_the_service_redraws_the_dataset(client):
    data = ld_data.load("fake-4")
    labels = data.test.label[5:8].tolist()
    response = client.post(f"{BASE}/y/encode?seed=0&first_row=65", json={"labels": labels})
    assert np.array_equal(np.array(response.json()["vectors"], np.float32), data.test.y[5:8])


@pytest.mark.parametrize("space", ["x", "y"])
def test_bad_vectors_are_422_with_the_reason(client, space):
    for body, words in BAD_VECTORS:
        assert_error(client.post(f"{BASE}/{space}/decode", json=body), 422, "invalid_input", *words)


def test_a_body_that_is_no_json_is_422(client):
    headers = {"Content-Type": "application/json"}
    for body in BAD_JSON:
        assert_error(client.post(f"{BASE}/x/decode", content=body, headers=headers), 422, "invalid_input", "JSON")


def test_a_bad_npy_is_422_and_the_next_request_works(client):
    for body, word in BAD_NPY:
        assert_error(client.post(f"{BASE}/x/decode", content=body, headers=NPY), 422, "invalid_input", word)
        assert client.post(f"{BASE}/x/decode", content=GOOD, headers=NPY).status_code == 200


def test_the_default_media_type_of_curl_is_read_as_json(client):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = client.post(f"{BASE}/x/decode", content=b'{"vectors": [[1, 2, 3, 4]]}', headers=headers)
    assert response.status_code == 200


def test_another_media_type_is_415(client):
    response = client.post(f"{BASE}/x/decode", content=b"1,2", headers={"Content-Type": "text/csv"})
    assert_error(response, 415, "unsupported_media_type", "application/json or application/x-npy", "text/csv")


def test_bad_options_are_422(client):
    for query in ("mode=median", "seed=-1", "seed=x", f"seed={2**63}", "first_row=-1"):
        answer = client.post(f"{BASE}/x/encode?{query}", json={"inputs": []})
        assert_error(answer, 422, "invalid_input", query.split("=")[0])


def test_an_unknown_option_is_422(client):
    response = client.post(f"{BASE}/y/encode?sed=1", json={"labels": [1]})
    assert_error(response, 422, "invalid_input", "sed", "first_row, mode, seed")
    assert_error(client.get("/info?a=1"), 422, "invalid_input", "takes no query parameters")


def test_npy_sent_as_json_is_422_with_the_right_type(client):
    response = client.post(f"{BASE}/x/decode", content=write_npy(np.ones((1, 4))))
    assert_error(response, 422, "invalid_input", "Content-Type: application/x-npy")


def test_bad_labels_are_422(client):
    for labels in ([3], [-1], [0.5], ["a"], [], [[0]]):
        assert_error(client.post(f"{BASE}/y/encode", json={"labels": labels}), 422, "invalid_input", "labels")


def test_an_unknown_release_is_404(client):
    for route in ("x/encode", "x/decode", "y/encode", "y/decode", "scores?name=a"):
        assert_error(client.post(f"/v1/datasets/nope/{route}", json={}), 404, "unknown_name", "nope")
