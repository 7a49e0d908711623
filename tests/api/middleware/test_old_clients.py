"""Clients of HTTP/1.0, and requests that HTTP/1.1 forbids (RFC 9112)."""

import json
import socket

import numpy as np
import pytest

from api.app import make_app
from tests.support.servers import serve
from tests.support.service import BASE

MANY = json.dumps({"vectors": np.ones((100, 4)).tolist()}).encode()
DECODE = f"POST {BASE}/x/decode HTTP/1.{{}}\r\nHost: a\r\nContent-Length: {len(MANY)}\r\n{{}}\r\n"


@pytest.fixture
def server(catalogue, store):
    with serve(make_app(catalogue, store)) as address:
        host, port = address.removeprefix("http://").split(":")
        yield host, int(port)


def ask(server, text, body=b""):
    """Return the head and the body of the answer, read until the server closes the connection."""
    with socket.create_connection(server, timeout=10) as connection:
        connection.sendall(text.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(2**16), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    return head.decode().lower(), content


@pytest.mark.parametrize("more", ["", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n"])
def test_an_old_client_gets_no_chunks_and_the_connection_ends(server, more):
    head, content = ask(server, DECODE.format(0, more), MANY)
    assert head.startswith("http/1.1 200")
    assert "connection: close" in head
    assert "transfer-encoding" not in head
    assert len(json.loads(content)["inputs"]) == 100
    head, content = ask(server, "GET /v1/scores/log HTTP/1.0\r\n\r\n")
    assert ("transfer-encoding" in head, "content-length" in head, content) == (False, False, b"")


def test_an_old_client_gets_lengths_where_they_are_known(server):
    head, content = ask(server, f"GET {BASE}/files/model.json HTTP/1.0\r\n\r\n")
    assert f"content-length: {len(content)}" in head
    assert json.loads(content) == {"fake": True}
    for request in ("HEAD /v1/scores/log", f"HEAD {BASE}/files/model.json", f"HEAD {BASE}"):
        head, content = ask(server, f"{request} HTTP/1.0\r\n\r\n")
        assert (head[:12], content) == ("http/1.1 200", b"")
        assert "transfer-encoding" not in head


def test_a_new_client_gets_chunks(server):
    head, content = ask(server, DECODE.format(1, "Connection: close\r\n"), MANY)
    assert "transfer-encoding: chunked" in head
    assert content.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n"])
def test_a_request_has_one_host(server, hosts):
    head, content = ask(server, f"GET /health HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n")
    assert head.startswith("http/1.1 400")
    assert "one header Host" in json.loads(content)["error"]


def test_a_request_may_name_the_whole_address(server):
    head, _ = ask(server, "GET http://a/health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert head.startswith("http/1.1 200")
    head, _ = ask(server, "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert head.startswith("http/1.1 404")
