"""HTTP/1.1 requests as the benchmark sends them."""

import http.client
import socket
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """A request: POST with a body, GET without one."""

    path: str
    body: bytes = b""
    content_type: str = ""
    accept: str = "*/*"

    @property
    def method(self) -> str:
        """POST or GET."""
        return "POST" if self.body else "GET"

    @property
    def headers(self) -> dict[str, str]:
        """The headers about the bodies of the request and of its answer."""
        return {"Accept": self.accept, **({"Content-Type": self.content_type} if self.body else {})}

    @property
    def raw(self) -> bytes:
        """The bytes of the request, on a connection that stays open."""
        fields = {"Host": HOST, **self.headers, **({"Content-Length": len(self.body)} if self.body else {})}
        head = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*head, "", ""]).encode() + self.body


def send(port: int, request: Request, seconds: float) -> tuple[int, bytes]:
    """Return the status and the body of the answer to a request on a connection of its own.

    Raises:
        OSError: without a connection, or without an answer in that many seconds.
        http.client.HTTPException: for bytes that are no HTTP answer.
    """
    with socket.create_connection((HOST, port), seconds) as connection:
        connection.sendall(request.raw)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()
