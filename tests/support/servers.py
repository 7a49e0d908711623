"""Real servers on loopback, for the parts that speak HTTP: the service, and small ones that misbehave on purpose."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import uvicorn
from starlette.types import ASGIApp

from api.middleware.connections import Connection


@contextmanager
def serve(app: ASGIApp, http: type[Connection] = Connection, port: int = 0) -> Iterator[str]:
    """Yield the address of the app, served on a port, for 0 a free one, by the service's connections."""
    config = uvicorn.Config(app, port=port, log_level="error", http=http, ws="none", proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive(), "the server did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True)
class Asked:
    """A received request."""

    method: str
    path: str
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An answer: after `sent` bytes of the body the connection is closed, or the rest follows once a gate opens."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None
    gate: threading.Event | None = None


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Ignore broken connections: some tests kill their clients."""


@contextmanager
def serve_answers(answer: Callable[[Asked], Answer | None]) -> Iterator[tuple[str, list[Asked]]]:
    """Yield the address of a server and the list of its requests; it closes the connection where `answer` is None."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def handle_request(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(Asked(self.command, self.path, self.headers, body))
            said = answer(asked[-1])
            if said is None:
                return
            self.send_response(said.status)
            for name, value in ({"Content-Length": str(len(said.body))} | said.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body[: said.sent])
            if said.gate is not None:
                said.gate.wait(30)
                self.wfile.write(said.body[said.sent :])

        do_GET = do_HEAD = do_POST = do_DELETE = handle_request  # noqa: N815

        def log_message(self, *words):
            """Keep quiet."""

    with _QuietServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def in_turn(*answers: Answer | Callable[[Asked], Answer | None] | None) -> Callable[[Asked], Answer | None]:
    """Return a function that answers with these in turn, and then with the last again and again."""
    left = iter(answers)

    def answer(asked: Asked) -> Answer | None:
        following = next(left, answers[-1])
        return following(asked) if callable(following) else following

    return answer


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once a condition holds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
