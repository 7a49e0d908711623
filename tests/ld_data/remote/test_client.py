"""The client, against the real service, and against servers that are something else, are busy, or break off."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from api.app import make_app
from ld_data.errors import InputError, ServiceError
from ld_data.remote.client import Client
from tests.support.fakes import FakeCodec
from tests.support.servers import Answer, in_turn, serve, serve_answers

NO_SERVER = "http://127.0.0.1:9"
BUSY = Answer(429, b'{"error": "too many.", "error_type": "overloaded"}', {"Retry-After": "3"})
EMPTY = Answer(200, b'{"datasets": []}')


@pytest.fixture
def client(catalogue, store):
    with serve(make_app(catalogue, store)) as address, Client(f"{address}/") as opened:
        yield opened


def test_the_default_address_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("LD_DATA_SERVICE", f"{NO_SERVER}/")
    with Client() as client:
        assert client.service == NO_SERVER
    monkeypatch.delenv("LD_DATA_SERVICE")
    with Client() as client:
        assert client.service == "http://127.0.0.1:8000"


def test_the_releases_are_listed_and_described(client, release):
    (listed,) = client.list_datasets()
    described = client.describe("fake-4")
    assert listed["name"] == described["manifest"]["name"] == "fake-4"
    assert listed.items() <= described.items()
    assert described["files"]["data.npz"]["size"] == (release / "data.npz").stat().st_size


def test_inputs_and_classes_are_encoded_and_decoded_as_by_the_models_themselves(client):
    codec = FakeCodec()
    inputs = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 2, 2)
    for options in ({}, {"seed": 7}, {"mode": "mean"}, {"seed": 1, "first_row": 5}):
        x, y = client.encode_x("fake-4", inputs, **options), client.encode_y("fake-4", [2, 0], **options)
        np.testing.assert_array_equal(x, codec.x.encode(inputs, **options))
        np.testing.assert_array_equal(y, codec.y.encode([2, 0], **options))
    np.testing.assert_array_equal(client.decode_x("fake-4", x), codec.x.decode(x))
    probabilities = client.decode_y("fake-4", y)
    np.testing.assert_array_equal(probabilities, codec.y.decode(y))
    assert probabilities.flags.writeable


def test_lists_are_sent_and_other_values_are_not(client):
    assert client.decode_x("fake-4", [[0, 1, 0, 1]]).shape == (1, 2, 2)
    for values in ([[0, 1], [0]], ["a"], [None]):
        with pytest.raises(InputError, match="the array to send must be"):
            client.decode_x("fake-4", values)


def test_the_service_s_reason_reaches_the_caller(client):
    with pytest.raises(ServiceError, match=r"/v1/datasets/nope answered 404: no release 'nope'.*fake-4") as caught:
        client.describe("nope")
    assert (caught.value.status, caught.value.reason) == (404, "unknown_name")
    with pytest.raises(ServiceError, match=r"x/decode answered 422: vectors must have shape \(n, 4\)") as caught:
        client.decode_x("fake-4", [[1.0, 2.0]])
    assert (caught.value.status, caught.value.reason) == (422, "invalid_input")
    with pytest.raises(ServiceError, match=r"datasets/a%2F\.\.%2Fb answered 404"):
        client.describe("a/../b")


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://a", "http://[", "http://a:b", ""])
def test_bad_addresses_are_refused(address):
    with pytest.raises(InputError, match="http or https address"):
        Client(address)


def test_there_is_at_least_one_try():
    with pytest.raises(InputError, match="tries must be from 1"):
        Client(NO_SERVER, tries=0)


def test_a_missing_service_is_tried_several_times_and_then_reported(pauses):
    with Client(NO_SERVER, tries=3) as client:
        for ask in (client.list_datasets, lambda: client.decode_x("fake-4", [[0.0]])):
            with pytest.raises(ServiceError, match=rf"no answer from {NO_SERVER}/v1.*refused.*make serve"):
                ask()
    assert pauses == [0.5, 1] * 2  # a POST too, since no byte was sent


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, b"<html>"), "answered 200, but not in JSON: not an LD-Data service"),
        (Answer(200, b"[" * 100_000), "answered 200, but not in JSON: not an LD-Data service"),
        (Answer(404, b"<html>"), "answered 404, but not in JSON: not an LD-Data service"),
        (Answer(302, headers={"Location": "/login"}), "answered 302, but not in JSON: not an LD-Data service"),
        (Answer(404, b'{"detail": "Not Found"}'), r"answered 404, but not as an LD-Data service does: \{'detail'"),
        (Answer(200, b"[1]"), "something else than an object: not an LD-Data service"),
        (Answer(200, b"{}"), "something else than releases: not an LD-Data service"),
    ],
)
def test_another_kind_of_service_is_reported(answer, words):
    with (
        serve_answers(lambda asked: answer) as (address, _),
        Client(address) as client,
        pytest.raises(ServiceError, match=words),
    ):
        client.list_datasets()


def test_an_answer_without_an_array_is_reported():
    with (
        serve_answers(lambda asked: EMPTY) as (address, _),
        Client(address) as client,
        pytest.raises(ServiceError, match=r"something else than an array: expected \.npy"),
    ):
        client.decode_x("fake-4", [[0.0]])


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_says(pauses, status, capsys):
    busy = Answer(status, BUSY.body, BUSY.headers)
    with serve_answers(in_turn(busy, EMPTY)) as (address, asked), Client(address) as client:
        assert client.send("POST", "/x", content=b"body").status_code == 200
    assert [request.body for request in asked] == [b"body", b"body"]
    assert pauses == [3]
    assert capsys.readouterr().err == f"{address} is busy: trying again in 3 s, 2 of 3\n"


def test_a_silent_service_is_reported_without_the_traceback_of_httpx(pauses, capsys):
    gate = threading.Event()
    silent = Answer(200, EMPTY.body, sent=0, gate=gate)
    with serve_answers(lambda asked: silent) as (address, _), Client(address, timeout=0.2, tries=2) as client:
        with pytest.raises(ServiceError, match=r"no answer from .*timed out") as caught:
            client.list_datasets()
        gate.set()
    assert caught.value.__suppress_context__
    assert capsys.readouterr().err.startswith(f"no answer in time from {address}/v1/datasets: trying again in 0.5 s")


def test_a_service_that_stays_busy_is_reported_in_the_end(pauses):
    with (
        serve_answers(lambda asked: BUSY) as (address, asked),
        Client(address, tries=2) as client,
        pytest.raises(ServiceError, match="answered 429: too many"),
    ):
        client.list_datasets()
    assert (len(asked), pauses) == (2, [3])


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}])
def test_a_refusal_without_a_pause_or_with_a_long_one_is_final(pauses, headers):
    refusal = Answer(503, BUSY.body, headers)
    with (
        serve_answers(lambda asked: refusal) as (address, asked),
        Client(address) as client,
        pytest.raises(ServiceError, match="answered 503"),
    ):
        client.list_datasets()
    assert (len(asked), pauses) == (1, [])


def test_a_reading_request_is_sent_again_when_the_connection_breaks(pauses):
    broken = Answer(200, EMPTY.body, sent=5)
    with serve_answers(in_turn(None, broken, EMPTY)) as (address, asked), Client(address) as client:
        assert client.list_datasets() == []
    assert (len(asked), pauses) == (3, [0.5, 1])


def test_a_reading_request_is_sent_again_when_no_answer_comes(pauses):
    gate = threading.Event()
    stalled = Answer(200, EMPTY.body, sent=0, gate=gate)
    with serve_answers(in_turn(stalled, EMPTY)) as (address, asked), Client(address, timeout=0.1) as client:
        assert client.list_datasets() == []
        gate.set()
    assert (len(asked), pauses) == (2, [0.5])


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("breaks", [True, False], ids=["broken", "timeout"])
def test_a_request_that_may_have_had_its_effect_is_not_sent_twice(pauses, method, breaks):
    gate = threading.Event()
    answer = None if breaks else Answer(200, b"{}", sent=0, gate=gate)
    with serve_answers(lambda asked: answer) as (address, asked), Client(address, timeout=0.2) as client:
        with pytest.raises(ServiceError, match="The request may have arrived, and is not repeated"):
            client.send_for_object(method, "/x", content=b"body")
        gate.set()
    assert [request.body for request in asked] == [b"body"]
    assert pauses == []


@pytest.mark.slow
def test_the_client_imports_nothing_of_the_service():
    script = "import ld_data.remote.client, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {name for name in loaded if name.partition(".")[0] in ("api", "eval", "vae")}
    assert not {"fastapi", "starlette", "pydantic", "orjson", "uvicorn", "sqlalchemy", "onnxruntime", "scipy"} & set(
        loaded
    )
