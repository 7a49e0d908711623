import asyncio
import gc
import socket
import weakref
from contextlib import ExitStack, suppress

import httpx2
import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from api.app import make_app
from api.work.worker import HeldResponse, Worker
from ld_data.errors import InputError
from tests.support.servers import serve
from tests.support.service import BASE, LIMITS


def test_a_missing_body_is_408_and_occupies_no_place(client):
    with serve(client.app) as address:
        host, port = address.removeprefix("http://").split(":")
        senders = [socket.create_connection((host, int(port)), timeout=10) for _ in range(LIMITS.max_requests + 1)]
        for sender in senders:
            sender.sendall(f"POST {BASE}/x/decode HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n".encode())
        response = httpx2.post(f"{address}{BASE}/x/decode", json={"vectors": [[1, 2, 3, 4]]})
        assert response.status_code == 200
        for sender in senders:
            assert sender.recv(1000).startswith(b"HTTP/1.1 408")
            sender.close()


@pytest.mark.slow
@pytest.mark.untraced
def test_a_refused_body_is_freed_at_once(catalogue, store):
    """Its error is in no cycle of references, which would keep the body until the next search for garbage."""
    body = b'{"vectors": [' + b"[]," * 60_000
    with serve(make_app(catalogue, store)) as address:
        gc.collect()
        others = find_errors()  # of other tests
        gc.disable()
        try:
            for path in (f"{BASE}/x/decode", f"{BASE}/scores?name=a", "/v1/sources/mnist1d/generate"):
                assert httpx2.post(f"{address}{path}", content=body).status_code == 422, path
            assert len(find_errors()) == len(others)
        finally:
            gc.enable()


def find_errors():
    return [one for one in gc.get_objects() if issubclass(type(one), InputError)]


def test_a_broken_stream_releases_its_place():
    worker = Worker(LIMITS)
    bodies = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return bodies.pop() if bodies else await asyncio.Event().wait()

    async def fail(message):
        assert worker.admission.streams.used == 1
        raise OSError("the client has gone")

    async def answer():
        scope = {"type": "http", "method": "POST", "headers": []}
        response = await worker.stream(Request(scope, receive), lambda body: (9, iter([b"a", b"b"])), "text/plain")
        await response(scope, receive, fail)

    with pytest.raises((OSError, ExceptionGroup, ClientDisconnect)):
        asyncio.run(answer())
    assert worker.admission.streams.used == worker.admission.bytes.used == 0


def test_a_broken_stream_leaves_no_garbage(monkeypatch):
    monkeypatch.setattr("api.work.worker.SEARCH_SECONDS", 0)
    kept = weakref.WeakSet()

    async def receive():
        return {"type": "http.disconnect"}

    async def rows():
        while True:
            yield bytes(10)
            await asyncio.sleep(0)

    async def send(message):
        await asyncio.sleep(0)

    async def leave():
        response = HeldResponse(rows(), ExitStack(), "text/plain")
        kept.add(response)
        with suppress(ClientDisconnect, ExceptionGroup):
            await response({"type": "http", "asgi": {}}, receive, send)

    async def leave_and_wait():
        await leave()
        await asyncio.sleep(0.05)
        return len(kept)

    gc.disable()
    try:
        assert asyncio.run(leave_and_wait()) == 0
    finally:
        gc.enable()
