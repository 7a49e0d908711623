"""Visitors of many kinds in a soak; each knows the right answer to its requests."""

import hashlib
import socket
from collections.abc import Callable, Iterator
from itertools import count, cycle

import httpx2
import numpy as np

from api.benchmark.contenders import JSON, NPY, Setting, ask_for_file, ask_in_json, ask_in_npy, ask_to_encode
from api.benchmark.http import HOST, Request
from ld_data.noise import make_normals
from ld_data.storage.arrays import write_npy

OK, REFUSED = "ok", "refused with 429"
SECONDS = 60.0  # for an answer
SMALL_ROWS, LARGE_ROWS = 64, 10_000
READ_BEFORE_LEAVING = 2**16

Visit = Callable[[], str]


def connect(port: int) -> httpx2.Client:
    """Return a client of the service on a port, to be closed in the end; threads may share it."""
    return httpx2.Client(base_url=f"http://{HOST}:{port}", timeout=SECONDS, trust_env=False)


def make_visitors(client: httpx2.Client, setting: Setting, receipts: set[str]) -> dict[str, tuple[float, Visit]]:
    """Return the visitors by name: seconds between two visits, and a visit, which returns its outcome.

    The score visitor adds the hashes of its receipts to `receipts`.

    Raises:
        httpx2.HTTPError: if the service does not list its datasets.
    """
    large = ask_in_npy(setting, LARGE_ROWS).raw
    return {
        "one row, JSON": (0.01, _repeat(client, ask_in_json(setting, 1))),
        "one row, .npy": (0.01, _repeat(client, ask_in_npy(setting, 1))),
        "64 rows, .npy": (0.05, _repeat(client, ask_in_npy(setting, SMALL_ROWS))),
        "10,000 rows, .npy": (2.0, _repeat(client, ask_in_npy(setting, LARGE_ROWS))),
        "encode, .npy": (0.1, _repeat(client, ask_to_encode(setting, SMALL_ROWS))),
        "download": (1.0, _repeat(client, ask_for_file(setting))),
        "malformed": (0.03, _send_malformed(client, setting)),
        "leaves while it is answered": (0.5, lambda: _send_and_leave(client, large, READ_BEFORE_LEAVING)),
        "leaves while it asks": (0.5, lambda: _send_and_leave(client, large[: len(large) // 2], 0)),
        "score": (2.5, _submit(client, receipts)),
    }


def list_receipts(client: httpx2.Client) -> set[str]:
    """Return the hashes of all receipts in the service's log.

    Raises:
        httpx2.HTTPError: if the service does not send its log.
    """
    log = client.get("/v1/scores/log").raise_for_status().content
    return {hashlib.sha256(line).hexdigest() for line in log.splitlines()}


def iterate_pauses(pause: float) -> Iterator[float]:
    """Yield pauses between half and one and a half of this one, in the same order each time."""
    for number in count():
        yield pause * (0.5 + (number * 0.6180339887) % 1)


def _send(client: httpx2.Client, request: Request) -> httpx2.Response:
    return client.request(request.method, request.path, content=request.body, headers=request.headers)


def _repeat(client: httpx2.Client, request: Request) -> Visit:
    """Return a visit that expects 200 and, each time, the bytes of the first answer."""
    first = [""]

    def visit() -> str:
        answer = _send(client, request)
        if answer.status_code != 200:
            return _describe_status(answer)
        digest = hashlib.sha256(answer.content).hexdigest()
        first[0] = first[0] or digest
        return OK if digest == first[0] else "another answer than before"

    return visit


def _send_malformed(client: httpx2.Client, setting: Setting) -> Visit:
    """Return a visit that sends a bad request, and expects its error."""
    lying = write_npy(setting.make_vectors(1)).replace(b"(1,", b"(9,")
    kinds = cycle(
        [
            ("x/decode", b"{", JSON, 422),
            ("x/decode", b'{"vectors": [[1, 2]]}', JSON, 422),
            ("x/decode", b'{"vectors": [["a"]]}', JSON, 422),
            ("x/decode", lying, NPY, 422),
            ("x/decode", b"x", "text/plain", 415),
            ("x/encode", write_npy(np.full((1, 3), np.nan, np.float32)), NPY, 422),
            ("x/encode?sneed=1", b"{}", JSON, 422),
            ("z/decode", b"{}", JSON, 404),
        ]
    )

    def visit() -> str:
        route, body, content_type, expected = next(kinds)
        answer = _send(client, Request(setting.make_path(route), body, content_type))
        if answer.status_code == expected:
            return OK
        return f"{body[:20]!r} to {route}, expected {expected}: {_describe_status(answer)}"

    return visit


def _send_and_leave(client: httpx2.Client, raw: bytes, read_bytes: int) -> str:
    with socket.create_connection((HOST, client.base_url.port or 80), SECONDS) as connection:
        connection.sendall(raw)
        if read_bytes:
            connection.recv(read_bytes)
    return OK


def _submit(client: httpx2.Client, receipts: set[str]) -> Visit:
    """Return a visit that submits a new score, for the release with the fewest test rows."""
    datasets = client.get("/v1/datasets").raise_for_status().json()["datasets"]
    board = min(datasets, key=lambda dataset: int(dataset["rows_test"]))
    shape = board["rows_test"], board["latent_dim"]
    numbers = count()

    def visit() -> str:
        number = next(numbers)
        predictions = write_npy((0.1 * make_normals(number, 0, 0, *shape)).astype(np.float32))
        path = f"/v1/datasets/{board['name']}/scores?name=soak+{number}"
        answer = _send(client, Request(path, predictions, NPY))
        if answer.status_code not in (200, 201):
            return _describe_status(answer)
        receipts.add(answer.json()["receipt_sha256"])
        return OK

    return visit


def _describe_status(answer: httpx2.Response) -> str:
    return REFUSED if answer.status_code == 429 else f"answered {answer.status_code}"
