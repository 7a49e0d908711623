import gc
import hashlib
import io
import tracemalloc
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest

from api.routes.generator import spool
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import make_mnist1d, plan_mnist1d
from ld_data.mnist1d.files import stream_npy
from tests.support.service import assert_error, read_npy

ROUTE = "/v1/sources/mnist1d/generate"
BAD_ARGUMENTS = [
    ({"num_samples": 0}, "num_samples"),
    ({"num_samples": "50"}, "num_samples"),
    ({"padding": [60, 36]}, "padding"),
    ({"padding": [1, 2, 3]}, "padding"),
    ({"iid_noise_scale": -1e7}, "iid_noise_scale"),
    ({"noise": 1}, "unknown arguments: noise"),
    ({"mode": "quick"}, "mode must be canonical or fast"),
    ({"num_samples": 50, "templates": [[1, 2, 3], [1, 2]]}, "templates must be a rectangular array"),
    ({"templates": [[1], [2]]}, "templates must have shape"),
    ({"num_samples": 50, "max_translation": 2**63}, "max_translation"),
    ({"template_len": 1, "padding": [0, 0]}, "2 or more"),
    ({"num_samples": 50, "iid_noise_scale": 1e308}, "iid_noise_scale"),
]


@pytest.mark.slow
def test_the_answer_holds_the_signals_of_the_generator(client):
    config = Mnist1dConfig(num_samples=50, padding=(10, 20), seed=3)
    answer = client.post(ROUTE, json={"num_samples": 50, "padding": [10, 20], "seed": 3}).json()
    data = make_mnist1d(config)
    assert set(answer) == {"x", "y", "x_test", "y_test", "t"}
    for name, values in answer.items():
        expected = getattr(data, name)
        assert np.array_equal(np.array(values, expected.dtype), expected), name


def test_canonical_signals_and_other_templates_are_available(client):
    templates = np.random.default_rng(0).normal(size=(3, 5))
    body = {"num_samples": 30, "mode": "canonical", "templates": templates.tolist()}
    expected = make_mnist1d(Mnist1dConfig(num_samples=30), templates, "canonical")
    assert np.array_equal(np.array(client.post(ROUTE, json=body).json()["x"]), expected.x)


@pytest.mark.slow
def test_npy_holds_all_signals(client):
    response = client.post(ROUTE, json={"num_samples": 50}, headers={"Accept": "application/x-npy"})
    data = make_mnist1d(Mnist1dConfig(num_samples=50))
    assert response.headers["content-type"] == "application/x-npy"
    assert np.array_equal(read_npy(response), np.concatenate([data.x, data.x_test]))


@pytest.mark.slow
def test_npz_holds_the_data_set(client):
    response = client.post(ROUTE, json={"num_samples": 50}, headers={"Accept": "application/x-npz"})
    data = make_mnist1d(Mnist1dConfig(num_samples=50))
    with np.load(io.BytesIO(response.content), allow_pickle=False) as found:
        for name in found.files:
            assert np.array_equal(found[name], getattr(data, name))


@pytest.mark.slow
@pytest.mark.parametrize("accept", ["application/x-npy", "application/x-npz"])
def test_a_stream_may_be_longer_than_other_answers_but_not_endless(client, accept):
    headers = {"Accept": accept}
    assert client.post(ROUTE, json={"num_samples": 2000}, headers=headers).status_code == 200
    refused = client.post(ROUTE, json={"num_samples": 3000}, headers=headers)
    assert_error(refused, 413, "too_large", "stream at most 100000 numbers; this one would stream 120000")
    canonical = {"num_samples": 2000, "mode": "canonical"}
    assert_error(client.post(ROUTE, json=canonical, headers=headers), 413, "too_large", "200 signals")


@pytest.mark.slow
def test_a_stream_holds_its_place_to_the_end_and_no_longer(client):
    worker = client.app.state.worker
    for body, status in (({"num_samples": 50}, 200), ({"num_samples": 0}, 422)):
        response = client.post(ROUTE, json=body, headers={"Accept": "application/x-npz"})
        assert response.status_code == status
        assert worker.admission.streams.used == worker.admission.bytes.used == 0


@pytest.mark.slow
def test_a_stream_needs_a_place_of_its_client_and_of_all(client):
    admission, limits = client.app.state.worker.admission, client.app.state.worker.limits
    ask = partial(client.post, ROUTE, json={"num_samples": 50}, headers={"Accept": "application/x-npy"})
    with admission.requests.hold(limits.max_requests):
        assert ask().status_code == 200
    with ExitStack() as places:
        for _ in range(limits.max_client_streams):
            places.enter_context(admission.hold_stream({"client": ("testclient", 1)}))
        assert_error(ask(), 429, "overloaded", "to this client, the limit of one")
    with admission.streams.hold(limits.max_streams):
        assert_error(ask(), 429, "overloaded", "limit of this service")
    with admission.bytes.hold(limits.max_held_bytes - 1000):
        assert_error(ask(), 429, "overloaded", "bytes")
    assert ask().status_code == 200


@pytest.mark.slow
def test_a_stream_holds_little_memory_between_its_parts():
    """A block of signals is 20 MB; it waits in a file."""
    plan = plan_mnist1d(Mnist1dConfig(num_samples=150_000, shuffle_seq=True), mode="fast")
    expected = hashlib.sha256(b"".join(stream_npy(plan))).digest()
    tracemalloc.start()
    chunks = stream_npy(spool(plan))
    began = tracemalloc.get_traced_memory()[0]
    digest, held, longest = hashlib.sha256(), 0, 0
    for number, chunk in enumerate(chunks):
        digest.update(chunk)
        longest = max(longest, len(chunk))
        if number % 50 == 1:
            gc.collect()
            held = max(held, tracemalloc.get_traced_memory()[0] - began)
    tracemalloc.stop()
    assert digest.digest() == expected
    assert longest <= 2**18
    assert held < 16 * 2**20  # most of it the tables, which all streams of a configuration share


def test_bad_arguments_are_422_by_name(client):
    for body, word in BAD_ARGUMENTS:
        assert_error(client.post(ROUTE, json=body), 422, "invalid_input", word)


def test_too_many_samples_are_413(client):
    assert_error(client.post(ROUTE, json={"num_samples": 201}), 413, "too_large", "200 signals", "Accept")


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"final_seq_length": 10_000}, {"padding": [0, 1000]}])
def test_too_much_work_is_413(client, change):
    assert_error(client.post(ROUTE, json={"num_samples": 50, **change}), 413, "too_large", "50000 numbers")


def test_long_templates_are_413(client):
    body = {"num_samples": 4, "template_len": 1, "padding": [0, 19], "templates": [[0] * 1500, [1] * 1500]}
    assert_error(client.post(ROUTE, json=body), 413, "too_large", "50000 numbers")


def test_another_media_type_is_415(client):
    response = client.post(ROUTE, content=b"a", headers={"Content-Type": "application/x-npy"})
    assert_error(response, 415, "unsupported_media_type", "application/json")
