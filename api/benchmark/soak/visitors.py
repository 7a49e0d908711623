"""What a service meets in a day: visitors of many kinds, each of whom knows what the right answer to it is."""

import hashlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, cycle
from typing import Self
from urllib.parse import urlencode

import numpy as np

from api.benchmark.contenders.nginx import FILE
from api.benchmark.contenders.registry import JSON, NPY, ask_in_npy
from ld_data.noise import make_normals
from ld_data.storage.arrays import write_npy

OK, REFUSED = "ok", "refused with 429"
SECONDS = 60.0  # for an answer
SMALL_ROWS, LARGE_ROWS = 64, 10_000
NPY_BOTH = {"Content-Type": NPY, "Accept": NPY}
READ_BEFORE_LEAVING = 2**16

Visit = Callable[[], str]


@dataclass(frozen=True)
class Place:
    """Where the service is, and what is there.

    Attributes:
        port: on loopback.
        release: whose models are used.
        latent_dim, input_shape: of that release.
        board: the release to whose leaderboard scores are sent.
        board_shape: of predictions for that.
    """

    port: int
    release: str
    latent_dim: int
    input_shape: tuple[int, ...]
    board: str
    board_shape: tuple[int, int]


class Client:
    """A connection that is kept, and opened anew after an error."""

    def __init__(self, port: int) -> None:
        """Connect with the first request."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer; raises `OSError` or `HTTPException` if there is none."""
        try:
            self._connection.request(method, path, body or None, headers or {})
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise


def find_place(port: int, release: str) -> Place:
    """Return what a service has: the release by name, and the one with the fewest test rows for scores."""
    with Client(port) as client:
        status, body = client.ask("GET", "/v1/datasets")
    if status != 200:
        raise ConnectionError(f"the list of datasets was answered {status}")
    found = {dataset["name"]: dataset for dataset in json.loads(body)["datasets"]}
    board = min(found.values(), key=lambda dataset: dataset["rows_test"])
    return Place(
        port,
        release,
        found[release]["latent_dim"],
        tuple(found[release]["input_shape"]),
        board["name"],
        (board["rows_test"], board["latent_dim"]),
    )


def make_visitors(place: Place, receipts: set[str], resources: ExitStack) -> dict[str, tuple[float, Visit]]:
    """Return the visitors by name: seconds between two visits, and a visit, which says what came of it.

    The hashes of the receipts that the service gives for scores are added to `receipts`; connections are closed with
    `resources`.
    """
    root = f"/v1/datasets/{place.release}"

    def connect() -> Client:
        return resources.enter_context(Client(place.port))

    shape = place.input_shape
    inputs = make_normals(1, 0, 0, SMALL_ROWS, int(np.prod(shape))).reshape(SMALL_ROWS, *shape)
    encoded = write_npy(inputs.clip(0, 1).astype(np.float32))
    row = json.dumps({"vectors": _make_vectors(place, 1).tolist()}).encode()
    asks = {
        "one row, JSON": (0.01, "/x/decode", row, {"Content-Type": JSON}),
        "one row, .npy": (0.01, "/x/decode", write_npy(_make_vectors(place, 1)), NPY_BOTH),
        "64 rows, .npy": (0.05, "/x/decode", write_npy(_make_vectors(place, SMALL_ROWS)), NPY_BOTH),
        "10,000 rows, .npy": (2.0, "/x/decode", write_npy(_make_vectors(place, LARGE_ROWS)), NPY_BOTH),
        "encode, .npy": (0.1, "/x/encode?seed=7", encoded, NPY_BOTH),
    }
    visitors = {
        name: (pause, _always_the_same(connect(), "POST", f"{root}{path}", body, headers))
        for name, (pause, path, body, headers) in asks.items()
    }
    return {
        **visitors,
        "download": (1.0, _always_the_same(connect(), "GET", f"{root}/files/{FILE}")),
        "malformed": (0.03, _malformed(place, connect())),
        "leaves while it is answered": (0.5, _leave_early(place)),
        "leaves while it asks": (0.5, _leave_within_body(place)),
        "score": (2.5, _submit(place, connect(), receipts)),
    }


def _make_vectors(place: Place, rows: int) -> np.ndarray:
    return make_normals(0, 0, 0, rows, place.latent_dim).astype(np.float32)


def _always_the_same(
    client: Client, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Visit:
    """Return a visit that expects 200 and, each time, the bytes of the first."""
    first = [""]

    def visit() -> str:
        status, answer = client.ask(method, path, body, headers)
        if status != 200:
            return REFUSED if status == 429 else f"answered {status}"
        digest = hashlib.sha256(answer).hexdigest()
        first[0] = first[0] or digest
        return OK if digest == first[0] else "another answer than before"

    return visit


def _malformed(place: Place, client: Client) -> Visit:
    """Return a visit that asks for something wrong, and expects to be told."""
    root = f"/v1/datasets/{place.release}"
    lying = write_npy(_make_vectors(place, 1)).replace(b"(1,", b"(9,")
    kinds = cycle(
        [
            ("/x/decode", b"{", {"Content-Type": JSON}, 422),
            ("/x/decode", b'{"vectors": [[1, 2]]}', {"Content-Type": JSON}, 422),
            ("/x/decode", b'{"vectors": [["a"]]}', {"Content-Type": JSON}, 422),
            ("/x/decode", lying, NPY_BOTH, 422),
            ("/x/decode", b"x", {"Content-Type": "text/plain"}, 415),
            ("/x/encode", write_npy(np.full((1, 3), np.nan, np.float32)), NPY_BOTH, 422),
            ("/x/encode?sneed=1", b"{}", {"Content-Type": JSON}, 422),
            ("/z/decode", b"{}", {"Content-Type": JSON}, 404),
        ]
    )

    def visit() -> str:
        path, body, headers, expected = next(kinds)
        status, _ = client.ask("POST", root + path, body, headers)
        if status == 429:
            return REFUSED
        return OK if status == expected else f"{body[:20]!r} to {path} was answered {status} and not {expected}"

    return visit


def _leave_early(place: Place) -> Visit:
    request = ask_in_npy(place.release, _make_vectors(place, LARGE_ROWS))
    return lambda: _send_and_leave(place, request, READ_BEFORE_LEAVING)


def _leave_within_body(place: Place) -> Visit:
    request = ask_in_npy(place.release, _make_vectors(place, LARGE_ROWS))
    return lambda: _send_and_leave(place, request[: len(request) // 2], 0)


def _send_and_leave(place: Place, request: bytes, read_bytes: int) -> str:
    with socket.create_connection(("127.0.0.1", place.port), SECONDS) as connection:
        connection.sendall(request)
        if read_bytes:
            connection.recv(read_bytes)
    return OK


def _submit(place: Place, client: Client, receipts: set[str]) -> Visit:
    numbers = count()

    def visit() -> str:
        number = next(numbers)
        predictions = 0.1 * make_normals(number, 0, 0, *place.board_shape)
        query = urlencode({"name": f"soak {number}"})
        path = f"/v1/datasets/{place.board}/scores?{query}"
        status, body = client.ask("POST", path, write_npy(predictions.astype(np.float32)), {"Content-Type": NPY})
        if status in (200, 201):
            receipts.add(json.loads(body)["receipt_sha256"])
            return OK
        return REFUSED if status == 429 else f"answered {status}"

    return visit


def list_receipts(place: Place) -> set[str]:
    """Return the hashes of all receipts in the service's log."""
    with Client(place.port) as client:
        status, body = client.ask("GET", "/v1/scores/log")
    if status != 200:
        raise ConnectionError(f"the log of scores was answered {status}")
    return {hashlib.sha256(line).hexdigest() for line in body.splitlines()}


def iterate_pauses(pause: float) -> Iterator[float]:
    """Yield pauses of a visitor, spread between half and one and a half of its own, the same each time."""
    for number in count():
        yield pause * (0.5 + (number * 0.6180339887) % 1)
