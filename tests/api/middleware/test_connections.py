"""Connections of clients that send endless or slow headers, or that read nothing; each ends, and others are served."""

import json
import resource
import socket
import struct
import time
from contextlib import ExitStack, suppress

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse

from api.middleware import connections
from api.middleware.connections import MAX_HEADER_BYTES, Connection, raise_descriptor_limit
from tests.support.servers import serve

START = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
PARTS = 200
PART = bytes(2**16)


class Quick(Connection):
    header_seconds, reading_seconds = 0.3, 0.4


async def app(scope, receive, send):
    """Answer a POST after its body, /early at once, and /long with 13 MB."""
    if scope["type"] != "http":
        return
    answer = PlainTextResponse("well")
    if scope["path"] == "/long":

        async def parts():
            for _ in range(PARTS):
                yield PART

        answer = StreamingResponse(parts())
    elif scope["path"] != "/early":
        while (await receive()).get("more_body"):
            pass
    await answer(scope, receive, send)


@pytest.fixture(scope="module")
def port():
    with serve(app, Quick) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture
def client(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        yield client


def read(client):
    """All bytes until the end of the connection, be it a proper end or not."""
    received = b""
    try:
        while part := client.recv(2**16):
            received += part
    except ConnectionError:
        pass
    return received


def trickle(client, part):
    """The seconds until the connection ends, while a part is sent again and again."""
    began = time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() < began + 5:
            client.sendall(part)
            time.sleep(0.02)
    return time.monotonic() - began


def is_well(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(START + b"Connection: close\r\n\r\n")
        return read(client).endswith(b"well")


ENDLESS = {
    "headers": (START, b"X-A: %s\r\n" % (b"a" * 50)),
    "one header": (START + b"X: ", b"a" * 100),
    "one name": (START, b"a" * 100),
    "the address": (b"GET /", b"a" * 100),
    "chunk extensions": (POST + b"1;", b"a" * 100),
    "trailers": (POST + b"1\r\na\r\n0\r\n", b"X-A: %s\r\n" % (b"a" * 50)),
    "a trailer": (POST + b"1\r\na\r\n0\r\nX: ", b"a" * 100),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_headers_are_431(client, port, name):
    start, part = ENDLESS[name]
    client.sendall(start)
    time.sleep(0.05)  # so that a body in it arrives before, and is not counted
    missing = MAX_HEADER_BYTES + 1 - (len(start) if start.startswith(b"GET") else 0)
    client.sendall((part * (missing // len(part) + 1))[:missing])  # not a byte more, which would reset it
    head, _, body = read(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    answer = json.loads(body)
    assert answer["error_type"] == "request_header_fields_too_large"
    assert str(MAX_HEADER_BYTES) in answer["error"]
    assert is_well(port)


def test_long_headers_within_the_limit_and_long_bodies_are_taken(client):
    client.sendall(START + b"X: " + b"a" * (MAX_HEADER_BYTES - 100) + b"\r\nConnection: close\r\n\r\n")
    assert read(client).endswith(b"well")


def test_a_body_may_be_longer_than_headers(client):
    client.sendall(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)
    )
    assert read(client).endswith(b"well")


def test_a_connection_that_sends_nothing_is_closed(client):
    assert read(client) == b""


@pytest.mark.parametrize("before", [b"", START + b"\r\n"])
def test_slow_headers_are_408(client, before):
    client.sendall(before + START)
    answer = read(client)
    assert answer.count(b"HTTP/1.1 200") == bool(before)
    assert b"HTTP/1.1 408 " in answer


def test_empty_lines_do_not_prolong_the_time_of_headers(client):
    assert trickle(client, b"\r\n") < 2


def test_a_body_that_trickles_in_after_its_answer_ends(client):
    client.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n")
    answer = b""
    while not answer.endswith(b"well"):
        answer += client.recv(1000)
    assert trickle(client, b"a") < 2


def test_a_client_that_reads_nothing_is_dropped(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
    client.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(1.2)
    assert len(read(client)) < PARTS * len(PART)


def test_a_client_that_reads_slowly_gets_all(port):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        client.connect(("127.0.0.1", port))
        client.settimeout(5)
        client.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received, began = 0, time.monotonic()
        while part := client.recv(2**17):
            received += len(part)
            time.sleep(0.01 if time.monotonic() < began + 1 else 0)
    assert received > PARTS * len(PART)


def test_an_idle_connection_gives_way_at_the_limit(port, monkeypatch):
    monkeypatch.setattr(Quick, "max_connections", 5)
    monkeypatch.setattr(Quick, "header_seconds", 30)
    with ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
        assert is_well(port)


def test_a_connection_that_a_client_resets_leaves_no_timer(caplog):
    class Hasty(Connection):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.timeout_keep_alive = 0.1

    with serve(app, Hasty) as address:
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=5) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(START + b"\r\n")
            assert client.recv(1000)
            time.sleep(0.02)
        time.sleep(0.3)
    assert not caplog.records


def test_bytes_that_are_not_http_are_400_in_the_shape_of_errors(client):
    client.sendall(b"\x00\x01\r\n\r\n")
    head, _, body = read(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert set(json.loads(body)) == {"error", "error_type"}


def test_the_soft_limit_on_open_files_is_raised_to_the_hard_one(monkeypatch):
    limits = [(1000, 5000)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    monkeypatch.setattr(Connection, "max_connections", 0)
    raise_descriptor_limit()
    assert limits[-1] == (5000, 5000)
    assert Connection.max_connections == 5000 - connections.SPARE_DESCRIPTORS
