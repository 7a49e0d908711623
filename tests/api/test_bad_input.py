"""Hostile requests to a running server: each gets its documented answer, and the next good request works."""

import http.client
import socket
from contextlib import ExitStack

import numpy as np
import orjson
import pytest

from api.app import make_app
from api.settings import Limits
from ld_data.storage.arrays import write_npy
from tests.support.servers import serve
from tests.support.service import BASE, NPY

DECODE = f"{BASE}/x/decode"
ROWS = np.arange(8, dtype=np.float32).reshape(2, 4)
GOOD = write_npy(ROWS)
HEAD = f"POST {DECODE} HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n".encode()
IDLE = 200
PATHS = [
    "/v1/datasets/../checkpoints/x/decode",
    "/v1/datasets/%2e%2e%2ffake-4/x/decode",
    "/v1/datasets/..%2f..%2f..%2fetc%2fpasswd/x/decode",
    "/v1/datasets/fake-4%00/x/decode",
    "/v1/datasets/" + "a" * 5000 + "/x/decode",
    "/v1/datasets/fake-4/../../x/decode",
]


@pytest.fixture
def server(catalogue, store):
    """The host and port of a running service."""
    with serve(make_app(catalogue, store, Limits(max_body_seconds=1))) as address:
        host, port = address.removeprefix("http://").split(":")
        yield host, int(port)


def ask(server, method, path, body=None):
    """Return the status and the body of the answer."""
    connection = http.client.HTTPConnection(*server, timeout=10)
    try:
        connection.request(method, path, body, NPY)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def is_well(server):
    return ask(server, "POST", DECODE, GOOD) == (200, write_npy(ROWS.reshape(-1, 2, 2)))


def test_a_path_outside_the_releases_is_404(server):
    for path in PATHS:
        status, answer = ask(server, "POST", path, GOOD)
        assert (status, orjson.loads(answer)["error_type"]) == (404, "unknown_name"), path
    assert is_well(server)


def test_only_the_files_of_a_release_are_sent(server):
    for name in ("../manifest.json", "..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "%00"):
        assert ask(server, "GET", f"{BASE}/files/{name}")[0] == 404, name


def test_idle_connections_and_slow_bodies_exclude_no_other_request(server):
    with ExitStack() as connections:
        senders = [connections.enter_context(socket.create_connection(server, timeout=10)) for _ in range(IDLE)]
        for sender in senders[::2]:
            sender.sendall(HEAD + b"\x93")
        assert is_well(server)
        for sender in senders[::2]:
            assert sender.recv(100).startswith(b"HTTP/1.1 408")
        assert is_well(server)


def test_bytes_that_are_not_http_are_refused(server):
    for request in (b"\x00\x01\x02\r\n\r\n", b"POST\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"a" * 1000):
        with socket.create_connection(server, timeout=10) as sender:
            sender.sendall(request)
            sender.shutdown(socket.SHUT_WR)
            assert sender.recv(100).startswith(b"HTTP/1.1 400"), request[:20]
        assert is_well(server)


def test_a_client_that_leaves_is_forgotten(server):
    for _ in range(20):
        with socket.create_connection(server, timeout=10) as sender:
            sender.sendall(HEAD + GOOD)
    assert is_well(server)
