"""Servers that send a byte now and then for ever, or without an end."""

import socket
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from ld_data.errors import DownloadError, ServiceError
from ld_data.remote.client import Client
from ld_data.remote.transfer import Content, fetch_bytes, fetch_file, partial_path
from tests.support.servers import Answer, serve_answers

HEAD = b"HTTP/1.1 200 OK\r\n"
# what is sent at once, and what then follows again and again, each a moment later
SLOW = {
    "headers": (HEAD, b"X"),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "length of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "redirect": (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 1000000\r\n\r\n", b"x"),
}

pytestmark = pytest.mark.usefixtures("cache")


@contextmanager
def drip(first, piece, pause=0.02, before=b""):
    """Yield the address of a server that answers with `first`, then with pieces until the client leaves.

    With `before` it answers one request with that, and the next one on the same connection as above.
    """
    closed = threading.Event()

    def answer(connection):
        with connection:
            for part in filter(None, (before, first)):
                connection.recv(10_000)
                connection.sendall(part)
            while not closed.wait(pause):
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    def accept():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            closed.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@pytest.fixture
def hurry(monkeypatch):
    """Be patient for 0.2 s: as the pieces come sooner, no single step is ever too long."""
    monkeypatch.setattr("ld_data.remote.transfer.TIMEOUT_SECONDS", 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("part", SLOW)
def test_a_server_that_sends_a_byte_now_and_then_is_left(hurry, tmp_path, part):
    started = time.monotonic()
    with drip(*SLOW[part]) as address:
        with pytest.raises(DownloadError, match="sends less than 1024 bytes a second"):
            fetch_bytes(address, 10_000_000)
        content = Content("f", [address], "0" * 64, size=1_000_000)
        with pytest.raises(DownloadError, match="sends less than 1024 bytes a second"):
            fetch_file(content, tmp_path / "f")
        with Client(address, timeout=0.1) as client, pytest.raises(ServiceError, match="sends less than 1024 bytes"):
            client.list_datasets()
    assert time.monotonic() - started < 5
    assert (partial_path("0" * 64).exists()) == (part == "body")  # the next download continues what has arrived


def test_a_server_that_is_slow_on_a_kept_connection_is_left_too():
    quick = HEAD + b'Content-Length: 16\r\n\r\n{"datasets": []}'
    with drip(HEAD, b"X", before=quick) as address, Client(address, timeout=0.1) as client:
        assert client.list_datasets() == []
        with pytest.raises(ServiceError, match="sends less than 1024 bytes a second"):
            client.list_datasets()


def test_a_slow_but_steady_download_is_whole(hurry, monkeypatch):
    monkeypatch.setattr("ld_data.remote.bounded.LEAST_RATE", 10)
    with drip(HEAD + b"Content-Length: 20\r\n\r\n", b"x", pause=0.02) as address:
        assert fetch_bytes(address, 20) == b"x" * 20  # takes twice the patience


def test_an_answer_without_an_end_is_left(monkeypatch):
    monkeypatch.setattr("ld_data.remote.client.MAX_ANSWER_BYTES", 100_000)
    with drip(HEAD + b"\r\n", b"x" * 50_000, pause=0.001) as address, Client(address) as client:
        with pytest.raises(ServiceError, match="it sends more than 100000 bytes"):
            client.list_datasets()
        with pytest.raises(ServiceError, match="it sends more than 100000 bytes"):
            client.decode_x("fake-4", np.zeros((1, 4)))


def test_a_packed_answer_is_not_unpacked():
    with (
        serve_answers(lambda asked: Answer(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})) as (address, asked),
        Client(address) as client,
        pytest.raises(ServiceError, match="a packed answer, for which nothing asked"),
    ):
        client.list_datasets()
    assert asked[0].headers["Accept-Encoding"] == "identity"
