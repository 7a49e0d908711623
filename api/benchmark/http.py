"""HTTP/1.1 requests as the benchmark sends them."""

from dataclasses import dataclass

import httpx2

HOST = "127.0.0.1"
SECONDS = 60.0  # for an answer


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

    def send(self, client: httpx2.Client) -> httpx2.Response:
        """Return the answer to the request.

        Raises:
            httpx2.HTTPError: without an answer.
        """
        return client.request(self.method, self.path, content=self.body, headers=self.headers)


def connect(port: int) -> httpx2.Client:
    """Return a client of the server on a port, to be closed in the end; threads may share it."""
    return httpx2.Client(base_url=f"http://{HOST}:{port}", timeout=SECONDS, trust_env=False)
