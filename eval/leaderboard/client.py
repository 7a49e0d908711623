"""Requests to the leaderboard of a service, with the tokens in the environment and the owner's secret in the cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from eval.leaderboard.owners import find_secret
from eval.leaderboard.submission import OWNER_HEADER, Submission
from eval.leaderboard.tokens import REMOVE_VARIABLE, SUBMIT_VARIABLE, make_headers
from ld_data.checks import check_finite, check_numbers
from ld_data.errors import InputError, ServiceError, SubmissionError
from ld_data.release.dataset import LatentDataset
from ld_data.storage.arrays import write_npy
from ld_data.storage.hashing import hash_array
from ld_data.typing import Array

if TYPE_CHECKING:
    from ld_data.remote.client import Client


def check_settings(service: str) -> None:
    """Raise `InputError` for a malformed address, or for settings of the network that cannot work; nothing is sent."""
    with _open(service, "", ""):
        pass


def submit(service: str, data: LatentDataset, predictions: Array, submission: Submission) -> dict[str, Any]:
    """Return the entry that a service, named by its address, made for predictions `(n, d)` for the test rows of `data`.

    Those of 3 to 10 seeds, `(seeds, n, d)`, make one entry with their means and intervals. The service refuses
    predictions for another version of the release than its own. The name belongs to this user from the first submission
    on: a secret in the cache folder goes with it. Where that folder cannot be written, the entry holds the secret as
    `owner_secret`.

    Raises:
        InputError: for an address that is not http or https, or a token that a header cannot carry.
        SubmissionError: if the service refuses, with its reason, does not answer, or is not one of LD-Data.
    """
    facts = {"data_sha256": data.test_sha256, **asdict(submission)}
    return _post(service, data.name, "scores", predictions, facts)


def submit_challenge(
    service: str,
    release: str,
    predictions: Array,
    submission: Submission,
    season: int | None = None,
    x_sha256: str | None = None,
) -> dict[str, Any]:
    """Return the entry that a service made for predictions `(n, d)` for the x of a release's challenge.

    `season`, the number that came with x, or `x_sha256` names the x; the service refuses predictions for another x than
    that of the open season. An entry whose `status` is "held" repeats the best figures that the season shows, and its
    `note` says so. The rest is as for `submit`.

    Raises:
        InputError: without `season` and `x_sha256`, for values that are not finite numbers, or as `submit`.
        SubmissionError: as `submit`.
    """
    if season is None and x_sha256 is None:
        raise InputError("predictions for a challenge must name their x: pass the number of its season, or x_sha256.")
    facts = {**asdict(submission), "season": season, "x_sha256": x_sha256}
    return _post(service, release, "challenge/scores", predictions, facts)


def fetch_challenge(service: str, release: str) -> tuple[Array, dict[str, Any]]:
    """Return the x `(n, d)` float32 of a release's challenge, and the service's facts on the open season.

    Raises:
        InputError: for an address that is not http or https.
        SubmissionError: if the service refuses, does not answer, or is not one of LD-Data; or if the x is not the one
            that its facts name.
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
    """Return a service's leaderboard: `scores` and `suspects`, best first, and the hashes that prove them.

    With `challenge` it is that of the open season, with the entries that are `held` back without figures.

    Raises:
        InputError: for an address that is not http or https.
        SubmissionError: if the service refuses, does not answer, or is not one of LD-Data.
    """
    with _open(service, release, "challenge/scores" if challenge else "scores") as (client, route):
        board = client.send_for_object("GET", route, headers={"Accept": "application/json"})
    if not all(isinstance(board.get(field), list) for field in ("scores", "suspects")):
        raise SubmissionError(f"{client.service}{route} did not answer with a leaderboard: not an LD-Data service.")
    return board


def remove_entry(service: str, release: str, number: int, reason: str) -> dict[str, Any]:
    """Return the receipt of the removal of a release's entry by its number, and that receipt's sha256.

    Raises:
        InputError: for an address that is not http or https, or a token that a header cannot carry.
        SubmissionError: if the service refuses, does not answer, or is not one of LD-Data.
    """
    with _open(service, release, f"scores/{number}") as (client, route):
        return client.send_for_object("DELETE", route, params={"reason": reason}, headers=make_headers(REMOVE_VARIABLE))


def _post(service: str, release: str, path: str, predictions: Array, facts: dict[str, Any]) -> dict[str, Any]:
    checked = check_finite(check_numbers(predictions, "predictions"), "predictions")
    with _open(service, release, path) as (client, route):
        secret = find_secret(client.service, str(facts["name"]))
        owner = {OWNER_HEADER: secret} if secret else {}
        entry = client.send_for_object(
            "POST",
            route,
            params={field: fact for field, fact in facts.items() if fact not in ("", None)},
            content=write_npy(checked.astype("f4")),
            headers={"Content-Type": "application/x-npy"} | owner | make_headers(SUBMIT_VARIABLE),
        )
    if not {"id", "rank", "status", "receipt_sha256"} <= entry.keys():
        raise SubmissionError(f"{service}{route} did not answer with an entry: not an LD-Data service.")
    return entry


@contextmanager
def _open(service: str, release: str, path: str) -> Iterator[tuple["Client", str]]:
    """Yield a client of a service, and a route below that of a release; convert service errors."""
    # import late: the network stack costs 0.1 s that --help and the service, which imports this package, should not pay
    from ld_data.remote.client import Client, name_route

    try:
        with Client(service) as client:
            yield client, f"{name_route(release)}/{path}"
    except ServiceError as error:
        raise SubmissionError(str(error)) from None
