"""The leaderboard of a service, from afar: sending predictions, reading it, and removing an entry."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from eval.tokens import REMOVE_VARIABLE, SUBMIT_VARIABLE, make_headers
from ld_data.addresses import is_link
from ld_data.arrays import check_finite, check_numbers, write_npy
from ld_data.dataset import LatentDataset
from ld_data.errors import InputError, ServiceError, SubmissionError
from ld_data.hashing import hash_array

if TYPE_CHECKING:
    from api.client import Client

MAX_NAME, MAX_URL, MAX_DESCRIPTION, MAX_LEARNING_RULE = 100, 300, 1000, 100
MAX_PARAMETERS = 2**53 - 1  # the greatest whole number that canonical JSON holds

_TEXT_LIMITS = {
    "name": MAX_NAME,
    "url": MAX_URL,
    "description": MAX_DESCRIPTION,
    "learning_rule": MAX_LEARNING_RULE,
}


@dataclass(frozen=True)
class Submission:
    """What a leaderboard shows beside a score.

    Attributes:
        name: of the model, 1 to 100 printable characters.
        url: http or https link to it, or empty.
        description: up to 1000 characters, or empty.
        parameters: how many numbers the model learned, or None.
        seconds: that the training took, or None.
        learning_rule: by which it was trained, up to 100 characters, or empty.
    """

    name: str
    url: str = ""
    description: str = ""
    parameters: int | None = None
    seconds: float | None = None
    learning_rule: str = ""

    def __post_init__(self) -> None:
        """Raise `InputError` for a text that is missing, too long, not printable or no link, or a wrong fact."""
        if not self.name.strip():
            raise InputError("a submission needs a name: `name`, on the command line --name.")
        for field, limit in _TEXT_LIMITS.items():
            _check_text(field, getattr(self, field), limit)
        if self.url and not is_link(self.url):
            raise InputError(f"url must be an http or https address; received {self.url!r}.")
        if self.parameters is not None and not 0 <= self.parameters <= MAX_PARAMETERS:
            raise InputError(
                f"parameters must be a whole number from 0 to {MAX_PARAMETERS}; received {self.parameters}."
            )
        if self.seconds is not None and not 0 <= self.seconds < math.inf:
            raise InputError(f"seconds must be a finite number of 0 or more; received {self.seconds}.")

    @classmethod
    def of(cls, name: str | None, url: str | None, description: str | None) -> Self:
        """Return a submission from texts that may be None; raises as the constructor."""
        return cls(name or "", url or "", description or "")


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
    if not {"id", "status", "receipt_sha256"} <= entry.keys():
        raise SubmissionError(f"{service}{route} answered something else than an entry: not an LD-Data service.")
    return entry


@contextmanager
def _open(service: str, release: str, place: str) -> Iterator[tuple["Client", str]]:
    """Yield a client of a service, and the route to a place of a release there; raises `SubmissionError` for its."""
    from api.client import Client, name_route  # the service itself, which knows what a submission is, sends none

    try:
        with Client(service) as client:
            yield client, f"{name_route(release)}/{place}"
    except ServiceError as error:
        raise SubmissionError(str(error)) from None


def _check_text(field: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise InputError(f"{field} must have at most {limit} characters; received {len(text)}.")
    hidden = next((character for character in text if not character.isprintable()), None)
    if hidden is not None:
        raise InputError(
            f"{field} must have printable characters alone; received U+{ord(hidden):04X} at place "
            f"{text.index(hidden) + 1}. Write it on one line, without joiners and marks of direction."
        )
