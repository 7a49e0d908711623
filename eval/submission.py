"""Sending predictions to the leaderboard of a service, and reading it."""

from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx2
import numpy as np

from ld_data.arrays import write_npy
from ld_data.dataset import LatentDataset
from ld_data.errors import InputError, SubmissionError
from ld_data.hashing import hash_array

MAX_NAME, MAX_URL, MAX_DESCRIPTION = 100, 300, 1000
TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Submission:
    """What a leaderboard shows beside a score.

    Attributes:
        name: of the model, 1 to 100 printable characters.
        url: http or https link to it, or empty.
        description: up to 1000 characters, or empty.
    """

    name: str
    url: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        """Raise `InputError` for a text that is missing, too long, not printable, or not a link."""
        if not self.name.strip():
            raise InputError('a submission needs a name: pass name="..." .')
        for field, limit in (("name", MAX_NAME), ("url", MAX_URL), ("description", MAX_DESCRIPTION)):
            text = getattr(self, field)
            if len(text) > limit or not text.isprintable():
                raise InputError(f"{field} must have at most {limit} printable characters; received {len(text)}.")
        if self.url and not _is_link(self.url):
            raise InputError(f"url must be an http or https address; received {self.url!r}.")

    @classmethod
    def of(cls, name: str | None, url: str | None, description: str | None) -> Self:
        """Return a submission from texts that may be None; raises as the constructor."""
        return cls(name or "", url or "", description or "")


def submit(service: str, data: LatentDataset, predictions: np.ndarray, submission: Submission) -> dict[str, Any]:
    """Return the entry that the service at address `service` made for predictions `(n, d)` for the test rows of `data`.

    The service refuses predictions for other rows than its own, as another version of the release has them. Raises
    `SubmissionError` with the service's reason, or with what is wrong when it does not answer.
    """
    texts = {"data_sha256": hash_array(data.test.y), **asdict(submission)}
    return _ask(
        "POST",
        _scores_address(service, data.name),
        params={field: text for field, text in texts.items() if text},
        content=write_npy(predictions.astype(np.float32)),
        headers={"Content-Type": "application/x-npy"},
    )


def fetch_leaderboard(service: str, release: str) -> list[dict[str, Any]]:
    """Return the entries of a service's leaderboard, best first; raises `SubmissionError` as `submit`."""
    address = _scores_address(service, release)
    scores = _ask("GET", address).get("scores")
    if not isinstance(scores, list):
        raise SubmissionError(f"{address} answered something else than a leaderboard: not an LD-Data service.")
    return scores


def _scores_address(service: str, release: str) -> str:
    if not _is_link(service):
        raise InputError(f"the service must be an http or https address; received {service!r}.")
    return f"{service.rstrip('/')}/v1/datasets/{quote(release, safe='')}/scores"


def _ask(method: str, address: str, **request: Any) -> dict[str, Any]:
    try:
        response = httpx2.request(method, address, timeout=TIMEOUT_SECONDS, **request)
        answer = response.json()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SubmissionError(
            f"no answer from {address}: {error}. Is the service running there? `make serve` starts one."
        ) from error
    except ValueError as error:
        raise SubmissionError(
            f"{address} answered {response.status_code}, but not in JSON: not an LD-Data service."
        ) from error
    if response.is_error:
        reason = answer.get("error", answer) if isinstance(answer, dict) else answer
        raise SubmissionError(f"{address} answered {response.status_code}: {reason}")
    return dict(answer)


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an address, a port that is no number
        return False
