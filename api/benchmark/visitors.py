"""Visitors of many kinds in a soak; each knows the right answer to its requests."""

import hashlib
import socket
from collections.abc import Callable
from itertools import count, cycle

import httpx2
import numpy as np

from api.benchmark.contenders import Setting, ask_for_file, ask_in_json, ask_in_npy, ask_to_encode
from api.benchmark.http import HOST, SECONDS, Request
from api.messages.payload import JSON, NPY
from ld_data.noise import make_normals
from ld_data.storage.arrays import write_npy

OK, REFUSED = "ok", "refused with 429"
SMALL_ROWS, LARGE_ROWS = 64, 10_000
READ_BEFORE_LEAVING = 2**16

Visit = Callable[[], str]


def make_visitors(client: httpx2.Client, setting: Setting, receipts: set[str]) -> dict[str, tuple[float, Visit]]:
    """Return the visitors by name: seconds between two visits, and a visit, which returns its outcome.

    The score visitor adds the hashes of its receipts to `receipts`.

    Raises:
        httpx2.HTTPError: if the service does not list its datasets.
    """
    large = ask_in_npy(setting, LARGE_ROWS).raw
    repeated = {
        "one row, JSON": (0.01, ask_in_json(setting, 1)),
        "one row, .npy": (0.01, ask_in_npy(setting, 1)),
        "64 rows, .npy": (0.05, ask_in_npy(setting, SMALL_ROWS)),
        "10,000 rows, .npy": (2.0, ask_in_npy(setting, LARGE_ROWS)),
        "encode, .npy": (0.1, ask_to_encode(setting, SMALL_ROWS)),
        "download": (1.0, ask_for_file(setting, 0)),
    }
    return {name: (pause, _ask(client, (request, 200))) for name, (pause, request) in repeated.items()} | {
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


def _ask(client: httpx2.Client, *kinds: tuple[Request, int]) -> Visit:
    """Return a visit that sends the next request, and expects its status, with the bytes of its first answer."""
    first, turns = dict[Request, str](), cycle(kinds)

    def visit() -> str:
        request, expected = next(turns)
        answer = request.send(client)
        if answer.status_code != expected:
            return _describe_status(answer)
        digest = hashlib.sha256(answer.content).hexdigest()
        return OK if digest == first.setdefault(request, digest) else "another answer than before"

    return visit


def _send_malformed(client: httpx2.Client, setting: Setting) -> Visit:
    """Return a visit that sends a bad request, and expects its error."""
    kinds = [
        ("x/decode", b"{", JSON, 422),
        ("x/decode", b'{"vectors": [[1, 2]]}', JSON, 422),
        ("x/decode", b'{"vectors": [["a"]]}', JSON, 422),
        ("x/decode", write_npy(setting.make_vectors(1)).replace(b"(1,", b"(9,"), NPY, 422),
        ("x/decode", b"x", "text/plain", 415),
        ("x/encode", write_npy(np.full((1, 3), np.nan, np.float32)), NPY, 422),
        ("x/encode?sneed=1", b"{}", JSON, 422),
        ("z/decode", b"{}", JSON, 404),
    ]
    path = setting.fill("/v1/datasets/{release}/")
    return _ask(client, *((Request(path + end, body, kind), status) for end, body, kind, status in kinds))


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
        answer = Request(f"/v1/datasets/{board['name']}/scores?name=soak+{number}", predictions, NPY).send(client)
        if answer.status_code != 201:
            return _describe_status(answer)
        receipts.add(answer.json()["receipt_sha256"])
        return OK

    return visit


def _describe_status(answer: httpx2.Response) -> str:
    path = answer.request.url.raw_path.decode()
    return REFUSED if answer.status_code == 429 else f"answered {answer.status_code} at {path}: {answer.text[:200]}"
