import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.work.batching import CHUNK_ROWS, Batcher
from api.work.worker import WRITERS
from ld_data.mnist1d.dataset import collect
from ld_data.storage.arrays import write_npy
from tests.support.servers import serve, wait_until
from tests.support.service import BASE, LIMITS, NPY, assert_error

GENERATE = "/v1/sources/mnist1d/generate"


def test_too_many_rows_are_413_with_the_limit(client):
    response = client.post(f"{BASE}/x/decode", content=write_npy(np.ones((201, 4), np.float32)), headers=NPY)
    assert_error(response, 413, "too_large", "at most 200 rows", "201")


@pytest.mark.slow
def test_overload_is_429_with_retry_after_and_accepted_requests_are_answered(catalogue, store, monkeypatch):
    """The limit is filled with requests that wait; every kind of work is then refused, and status still answers."""
    entered, leave = threading.Semaphore(0), threading.Event()

    def wait(plan):
        entered.release()
        leave.wait(10)
        return collect(plan)

    monkeypatch.setattr("api.routes.generator.collect", wait)
    monkeypatch.setattr("os.cpu_count", lambda: LIMITS.max_requests)
    client = TestClient(make_app(catalogue, store, LIMITS))
    with client, ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(client.post, GENERATE, json={"num_samples": 50}) for _ in range(4)]
        for _ in waiting:
            assert entered.acquire(timeout=10)
        assert client.app.state.worker.admission.requests.used == LIMITS.max_requests
        large = {"content": write_npy(np.zeros((65, 4), np.float32)), "headers": NPY}
        for route, body in ((f"{BASE}/y/decode", large), (GENERATE, {})):
            response = client.post(route, **body)
            assert_error(response, 429, "overloaded", "in progress")
            assert response.headers["retry-after"] == "1"
        assert client.get("/health").status_code == 200
        assert client.post(f"{BASE}/x/decode", json={"vectors": [[1, 2, 3, 4]]}).status_code == 200
        leave.set()
        assert [answer.result().status_code for answer in waiting] == [200] * 4
    assert client.app.state.worker.admission.requests.used == 0


@pytest.mark.slow
def test_submissions_that_wait_for_the_database_leave_all_other_requests_their_threads(catalogue, store, monkeypatch):
    entered, leave = threading.Semaphore(0), threading.Event()

    def wait(*_):
        entered.release()
        leave.wait(10)

    monkeypatch.setattr("api.routes.scores.check_seeds", wait)
    limits = replace(LIMITS, max_waiting_submissions=WRITERS + 1)
    client, body = TestClient(make_app(catalogue, store, limits), raise_server_exceptions=False), {"predictions": [[1]]}
    with client, ThreadPoolExecutor(WRITERS + 1) as pool:
        waiting = [pool.submit(client.post, f"{BASE}/scores?name=a", json=body) for _ in range(WRITERS + 1)]
        for _ in range(WRITERS):
            assert entered.acquire(timeout=10)
        wait_until(lambda: client.app.state.worker.admission.writes.used == WRITERS + 1)
        refused = client.post(f"{BASE}/scores?name=a", json=body)
        assert_error(refused, 429, "overloaded", "submissions are in progress")
        for path in ("scores", "challenge", "files/data.npz"):
            assert client.get(f"{BASE}/{path}").status_code in (200, 404), path
        assert client.get("/v1/scores/log").status_code == 200
        assert client.post(GENERATE, json={"num_samples": 50}).status_code == 200
        assert client.post(f"{BASE}/x/decode", json={"vectors": [[1, 2, 3, 4]]}).status_code == 200
        leave.set()
        assert len([answer.result() for answer in waiting]) == WRITERS + 1


@pytest.mark.slow
def test_a_large_whole_answer_needs_the_place_of_a_stream(client, monkeypatch):
    monkeypatch.setattr("api.middleware.answers.LARGE_BYTES", 1000)
    admission, limits = client.app.state.worker.admission, client.app.state.worker.limits
    assert len(client.post(GENERATE, json={"num_samples": 50}).content) > 1000
    assert admission.streams.used == admission.bytes.used == 0
    with admission.streams.hold(limits.max_streams):
        assert_error(client.post(GENERATE, json={"num_samples": 50}), 429, "overloaded", "are being streamed")
    with admission.bytes.hold(limits.max_held_bytes - 2000):
        assert_error(client.post(GENERATE, json={"num_samples": 50}), 429, "overloaded", "all together may hold")


@pytest.mark.parametrize("path", ["x/encode", "x/decode", "y/encode", "y/decode", "x/encode?seed=1"])
def test_rows_beyond_the_limit_on_waiting_are_429_before_their_body_is_read(client, path):
    admission = client.app.state.worker.admission
    with admission.rows.hold(LIMITS.max_waiting_rows), serve(client.app) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as sender:
            sender.sendall(f"POST {BASE}/{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n".encode())
            answer = ""
            while not answer.endswith("}"):  # the head and the body arrive one after the other
                answer += (sender.recv(1000) or pytest.fail("the answer was cut")).decode()
        assert answer.startswith("HTTP/1.1 429")
        assert "retry-after: 1" in answer
        assert f"{LIMITS.max_waiting_rows} rows wait" in answer
    assert admission.rows.used == 0


@pytest.mark.parametrize(("seconds", "most"), [(1e-9, 1024), (1e9, 5000)])
def test_as_many_rows_wait_as_are_computed_in_time(catalogue, store, seconds, most):
    limits = replace(LIMITS, max_waiting_rows=5000, max_waiting_seconds=seconds)
    client = TestClient(make_app(catalogue, store, limits))
    body = write_npy(np.zeros((CHUNK_ROWS, 4), np.float32))
    assert client.post(f"{BASE}/x/decode", content=body, headers=NPY).status_code == 200
    with client.app.state.worker.admission.rows.hold(most):
        response = client.post(f"{BASE}/x/decode", content=body, headers=NPY)
        assert_error(response, 429, "overloaded", f"{most} rows wait for the models; {most} may")


def test_rows_wait_until_they_are_computed_and_those_of_a_long_answer_until_its_first_part_is(client, monkeypatch):
    seen = []
    admission = client.app.state.worker.admission
    run = Batcher.run

    async def watch(*arguments):
        seen.append(admission.rows.used)
        return await run(*arguments)

    monkeypatch.setattr(Batcher, "run", watch)
    for rows in (3, 200):
        body = write_npy(np.zeros((rows, 4), np.float32))
        assert client.post(f"{BASE}/x/decode", content=body, headers=NPY).status_code == 200
        assert admission.rows.used == 0
    assert client.post(f"{BASE}/y/decode", content=body, headers=NPY).status_code == 200
    assert 3 <= seen[0] < CHUNK_ROWS
    assert seen[1:] == [CHUNK_ROWS]
    assert admission.rows.used == 0


def test_all_bodies_together_hold_a_limited_number_of_bytes(catalogue, store):
    client = TestClient(make_app(catalogue, store, replace(LIMITS, max_held_bytes=500)))
    body = write_npy(np.zeros((10, 4), np.float32))
    assert client.post(f"{BASE}/x/decode", content=body, headers=NPY).status_code == 200
    response = client.post(f"{BASE}/x/decode", content=body * 2, headers=NPY)
    assert_error(response, 429, "overloaded", "all together may hold 500")
    assert client.app.state.worker.admission.bytes.used == 0
    assert client.post(f"{BASE}/x/decode", content=body, headers=NPY).status_code == 200
