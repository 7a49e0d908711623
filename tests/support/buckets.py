"""A bucket on loopback: moto's server of S3, with faults on request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2

NAME = "shards"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "user", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


class Bucket:
    """A bucket; `refuse` may answer a request, by its method and path, with a status in place of the server."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.refuse: Callable[[str, str], int | None] = lambda method, path: None
        self.requests: list[tuple[str, str]] = []

    def wrap(self, application):
        """Return the WSGI application in front of that of moto."""

        def answer(environment, start):
            request = environment["REQUEST_METHOD"], environment["PATH_INFO"]
            self.requests.append(request)
            if status := self.refuse(*request):
                body = b"<Error><Code>Refused</Code><Message>refused</Message></Error>"
                start(f"{status} Refused", [("Content-Length", str(len(body)))])
                return [b"" if request[0] == "HEAD" else body]
            return application(environment, start)

        return answer


@contextmanager
def open_bucket() -> Iterator[Bucket]:
    """Yield an empty bucket."""
    from moto.server import ThreadedMotoServer  # late: it takes a second to import

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        bucket = Bucket(f"http://{host}:{port}")
        server._server.app = bucket.wrap(server._server.app)
        httpx2.put(f"{bucket.endpoint}/{NAME}", trust_env=False).raise_for_status()
        yield bucket
    finally:
        server.stop()
