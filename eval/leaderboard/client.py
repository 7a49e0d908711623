"""Requests to a service's leaderboard."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np

from eval.leaderboard.submission import Submission
from eval.leaderboard.tokens import REMOVE_VARIABLE, SUBMIT_VARIABLE, make_headers
from ld_data.checks import check_finite, check_numbers
from ld_data.errors import ServiceError, SubmissionError
from ld_data.release.dataset import LatentDataset
from ld_data.remote.client import Client, name_route
from ld_data.storage.arrays import write_npy
from ld_data.storage.hashing import hash_array


def submit(service: str, data: LatentDataset, predictions: np.ndarray, submission: Submission) -> dict[str, Any]:
    """Return the entry that the service at address `service` made for predictions `(n, d)` for the test rows of `data`.

    The service refuses predictions for other rows than its own, as another version of the release has them. If it asks
    for a token, that of the environment variable `LD_DATA_SUBMIT_TOKEN` is sent. Raises `SubmissionError` with the
    service's reason, or with what is wrong when it does not answer.
    """
    facts = {"data_sha256": data.test_sha256, **asdict(submission)}
    return _post(service, data.name, "scores", predictions, facts)


def submit_challenge(
    service: str, release: str, predictions: np.ndarray, submission: Submission, season: int | None = None
) -> dict[str, Any]:
    """Return the entry that a service made for predictions `(n, d)` for the x of a release's challenge.

    With `season`, the number that came with x, the service refuses them if another one is open by now. The token is
    sent as `submit` does. Raises `InputError` for no such array, and `SubmissionError` as `submit`.
    """
    checked = check_finite(check_numbers(predictions, "predictions"), "predictions")
    facts = {**asdict(submission), "season": season}
    return _post(service, release, "challenge/scores", checked, facts)


def fetch_challenge(service: str, release: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the x `(n, d)` float32 of a release's challenge, and what the service tells of the open season.

    Raises `SubmissionError` as `submit`, and if x is not what the service says that it is.
    """
    with _open(service, release, "challenge") as (client, route):
        state = client.send_for_object("GET", route)
        x = client.send_for_array("GET", f"{route}/x")
    if hash_array(x) != state.get("x_sha256"):
        raise SubmissionError(
            f"{client.service}{route}: expected x with the sha256 {state.get('x_sha256')}; received {hash_array(x)}. "
            "Perhaps the season was closed in between: try again."
        )
    return x, state


def fetch_leaderboard(service: str, release: str, challenge: bool = False) -> dict[str, Any]:
    """Return a service's leaderboard: `scores` and `suspects`, best first, and what proves them.

    With `challenge` it is that of the open season. Raises `SubmissionError` as `submit`.
    """
    with _open(service, release, "challenge/scores" if challenge else "scores") as (client, route):
        board = client.send_for_object("GET", route, headers={"Accept": "application/json"})
    if not all(isinstance(board.get(field), list) for field in ("scores", "suspects")):
        raise SubmissionError(
            f"{client.service}{route} answered something else than a leaderboard: not an LD-Data service."
        )
    return board


def remove_entry(service: str, release: str, number: int, reason: str) -> dict[str, Any]:
    """Return the receipt of the removal of a release's entry by its number, and that receipt's hash.

    The token of the environment variable `LD_DATA_REMOVE_TOKEN` is sent. Raises `SubmissionError` as `submit`.
    """
    with _open(service, release, f"scores/{number}") as (client, route):
        return client.send_for_object("DELETE", route, params={"reason": reason}, headers=make_headers(REMOVE_VARIABLE))


def _post(service: str, release: str, place: str, predictions: np.ndarray, facts: dict[str, Any]) -> dict[str, Any]:
    with _open(service, release, place) as (client, route):
        entry = client.send_for_object(
            "POST",
            route,
            params={field: fact for field, fact in facts.items() if fact not in ("", None)},
            content=write_npy(predictions.astype(np.float32)),
            headers={"Content-Type": "application/x-npy"} | make_headers(SUBMIT_VARIABLE),
        )
    if not {"id", "rank", "status", "receipt_sha256"} <= entry.keys():
        raise SubmissionError(f"{service}{route} answered something else than an entry: not an LD-Data service.")
    return entry


@contextmanager
def _open(service: str, release: str, place: str) -> Iterator[tuple[Client, str]]:
    """Yield a client of a service, and the route to a place of a release there; raises `SubmissionError` for its."""
    try:
        with Client(service) as client:
            yield client, f"{name_route(release)}/{place}"
    except ServiceError as error:
        raise SubmissionError(str(error)) from None
