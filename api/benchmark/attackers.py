"""Visitors of a soak that cost a service much and themselves little, each from one address of its own."""

import gzip
import socket
from collections.abc import Callable
from contextlib import ExitStack

import httpx2

from api.benchmark.processes import ANSWER_SECONDS, HOST, Request
from api.messages.payload import JSON, NPY

Visit = Callable[[], str]

OK = "ok"
ADDRESS = "127.0.0.2"  # another than that of all other visitors, whose places it must not take
CONNECTIONS = 64
HEADER = b"X-A: %s\r\n" % (b"a" * 1000)
HEADERS = 1000  # in one request that never ends
MAX_ANSWER = 2**16
EMPTY_LISTS = b'{"vectors": [' + b",".join([b"[]"] * 5_000_000) + b"]}"


def make_attackers(client: httpx2.Client, release: str, opened: ExitStack) -> dict[str, tuple[float, Visit]]:
    """Return the attackers by name: seconds between two visits, and a visit, which returns its outcome.

    The connections that they leave open are closed with `opened`.
    """
    port = client.base_url.port or 80
    stream = Request("/v1/sources/mnist1d/generate", b'{"num_samples": 2000000}', JSON, NPY).raw
    body = gzip.compress(EMPTY_LISTS)
    packed = f"POST /v1/datasets/{release}/x/decode HTTP/1.1\r\nHost: {HOST}\r\nContent-Encoding: gzip\r\n"
    packed += f"Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    endless = b"GET /info HTTP/1.1\r\nHost: a\r\n" + HEADER * HEADERS
    return {
        "reads nothing": (3.0, _Crowd(port, stream, opened)),
        "sends nothing": (5.0, _Crowd(port, b"", opened)),
        "small body, 15 MB inflated": (3.0, lambda: _send(port, packed.encode() + body, (b"413",))),
        "endless headers": (1.0, lambda: _send(port, endless, (b"431", b""))),
    }


class _Crowd:
    """Opens connections that send something and read nothing, and closes those of the last visit."""

    def __init__(self, port: int, raw: bytes, opened: ExitStack) -> None:
        self._port, self._raw, self._opened = port, raw, opened.enter_context(ExitStack())

    def __call__(self) -> str:
        self._opened.close()
        for _ in range(CONNECTIONS):
            connection = self._opened.enter_context(_connect(self._port))
            connection.sendall(self._raw)
        return OK


def _connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), ANSWER_SECONDS, source_address=(ADDRESS, 0))


def _send(port: int, raw: bytes, expected: tuple[bytes, ...]) -> str:
    """Send a request and return whether its status is an expected one; an empty one stands for a reset connection."""
    with _connect(port) as connection:
        try:
            connection.sendall(raw)
            answer = connection.recv(MAX_ANSWER)
        except ConnectionError:
            answer = b""
    status = answer.removeprefix(b"HTTP/1.1 ")[:3]
    return OK if status in expected else f"answered {answer[:200].decode('latin-1')}"
