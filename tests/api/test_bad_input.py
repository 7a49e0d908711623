"""What nobody should send: each gets its documented answer, and the next good request works."""

import http.client
import socket
from contextlib import ExitStack

import numpy as np
import orjson
import pytest

from api.app import make_app
from api.settings import Limits
from ld_data.storage.arrays import write_npy
from tests.ld_data.storage.test_arrays import Bomb, save_npy
from tests.support.servers import serve

DECODE = "/v1/datasets/fake-4/x/decode"
ROWS = np.arange(8, dtype=np.float32).reshape(2, 4)
GOOD = write_npy(ROWS)
NPY = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
IDLE = 200


@pytest.fixture
def server(catalogue, store):
    """The host and port of a running service."""
    with serve(make_app(catalogue, store, Limits(max_body_seconds=1))) as address:
        host, port = address.removeprefix("http://").split(":")
        yield host, int(port)


def ask(server, body, path=DECODE, headers=NPY):
    """Return the status and the body of the answer."""
    connection = http.client.HTTPConnection(*server, timeout=10)
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def is_well(server):
    return ask(server, GOOD) == (200, write_npy(ROWS.reshape(-1, 2, 2)))


@pytest.mark.parametrize(
    "body",
    [
        save_npy(np.asfortranarray(ROWS)),
        save_npy(ROWS.astype(np.float64)),
        save_npy(ROWS.astype(np.int16)),
        save_npy(ROWS.astype(">f4")),
        [GOOD[:100], GOOD[100:]],  # in chunks, without a length
    ],
    ids=["Fortran order", "float64", "integers", "big-endian", "no length"],
)
def test_unusual_arrays_are_read(server, body):
    assert ask(server, body) == (200, write_npy(ROWS.reshape(-1, 2, 2)))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (GOOD[:-1], b"declares 32 bytes"),
        (GOOD[:50], b"could not read"),
        (GOOD.replace(b"(2, 4)", b"(20000000, 128)").replace(b" " * 10 + b"\n", b" \n"), b"declares 10240000000 bytes"),
        (save_npy(np.array([[Bomb()] * 4], dtype=object)), b"never unpickled"),
        (save_npy(np.full((1, 4), np.nan)), b"finite"),
        (save_npy(np.zeros((0, 4))), b"1 or more"),
        (b"", b"could not read"),
        (b"\x00" * 1000, b"could not read"),
    ],
    ids=["truncated", "truncated header", "10 GB declared", "objects", "NaN", "no rows", "nothing", "no .npy"],
)
def test_bad_arrays_are_422_with_the_reason(server, body, reason):
    status, answer = ask(server, body)
    assert status == 422
    assert orjson.loads(answer)["error_type"] == "invalid_input"
    assert reason in answer
    assert is_well(server)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/datasets/../checkpoints/x/decode",
        "/v1/datasets/%2e%2e%2ffake-4/x/decode",
        "/v1/datasets/..%2f..%2f..%2fetc%2fpasswd/x/decode",
        "/v1/datasets/fake-4%00/x/decode",
        "/v1/datasets/" + "a" * 5000 + "/x/decode",
        "/v1/datasets/fake-4/../../x/decode",
    ],
)
def test_a_path_that_leads_elsewhere_is_404(server, path):
    status, answer = ask(server, GOOD, path)
    assert (status, orjson.loads(answer)["error_type"]) == (404, "unknown_name")
    assert is_well(server)


@pytest.mark.parametrize("name", ["../manifest.json", "..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "%00"])
def test_only_a_release_s_own_files_can_be_downloaded(server, name):
    connection = http.client.HTTPConnection(*server, timeout=10)
    connection.request("GET", f"/v1/datasets/fake-4/files/{name}")
    assert connection.getresponse().status == 404
    connection.close()


def test_idle_connections_and_slow_bodies_keep_nobody_out(server):
    with ExitStack() as connections:
        senders = [connections.enter_context(socket.create_connection(server, timeout=10)) for _ in range(IDLE)]
        for sender in senders[::2]:
            sender.sendall(f"POST {DECODE} HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n\x93".encode("latin-1"))
        assert is_well(server)
        for sender in senders[::2]:
            assert sender.recv(100).startswith(b"HTTP/1.1 408")
        assert is_well(server)


@pytest.mark.parametrize(
    "request_line", [b"\x00\x01\x02\r\n\r\n", b"POST\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"a" * 100_000]
)
def test_what_is_not_http_is_refused(server, request_line):
    with socket.create_connection(server, timeout=10) as sender:
        sender.sendall(request_line)
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(100).startswith(b"HTTP/1.1 400")
    assert is_well(server)


def test_a_client_that_leaves_is_forgotten(server):
    for _ in range(20):
        with socket.create_connection(server, timeout=10) as sender:
            sender.sendall(f"POST {DECODE} HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n".encode() + GOOD)
    assert is_well(server)
