"""What the leaderboard's routes share: queries, models of entries, formats and private draws."""

from dataclasses import dataclass, fields
from threading import Lock
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from api.leaderboard.rate_limit import RateLimit
from api.messages.negotiation import choose_media_type
from api.messages.payload import JSON
from api.releases.catalogue import Catalogue, ServedRelease
from api.work.worker import Worker
from eval.leaderboard.store import Store
from eval.leaderboard.submission import (
    MAX_DESCRIPTION,
    MAX_LEARNING_RULE,
    MAX_NAME,
    MAX_PARAMETERS,
    MAX_URL,
    Submission,
)
from eval.leaderboard.tokens import Tokens
from eval.score import Score

Format = Literal["json", "csv", "markdown"]
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "markdown": "text/markdown"}

NameQuery = Annotated[str, Query(min_length=1, max_length=MAX_NAME, description="Of the model.")]
UrlQuery = Annotated[str, Query(max_length=MAX_URL, description="A link to it.")]
DescriptionQuery = Annotated[str, Query(max_length=MAX_DESCRIPTION, description="A few words on it.")]
ParametersQuery = Annotated[int | None, Query(ge=0, le=MAX_PARAMETERS, description="How many numbers it learned.")]
SecondsQuery = Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="That its training took.")]
LearningRuleQuery = Annotated[str, Query(max_length=MAX_LEARNING_RULE, description="By which it was trained.")]
LimitQuery = Annotated[int, Query(ge=1, le=1000, description="How many entries, and how many suspects.")]
FormatQuery = Annotated[Format | None, Query(alias="format", description="Else the header Accept decides.")]


async def read_submission(
    name: NameQuery,
    url: UrlQuery = "",
    description: DescriptionQuery = "",
    parameters: ParametersQuery = None,
    seconds: SecondsQuery = None,
    learning_rule: LearningRuleQuery = "",
) -> Submission:
    """Return what the query of a request says of its predictions; raises as `Submission`."""
    return Submission(name, url, description, parameters, seconds, learning_rule)


SubmissionQuery = Annotated[Submission, Depends(read_submission)]

# The shape of `Entry.to_json`, for the documentation. An older entry may lack what later scores have.
ENTRY_FIELDS: dict[str, Any] = {field.name: (field.type, ...) for kind in (Submission, Score) for field in fields(kind)}


@dataclass(frozen=True)
class Board:
    """What the routes of the leaderboard work with; the rate counts what changes it on either track."""

    catalogue: Catalogue
    store: Store
    worker: Worker
    tokens: Tokens
    rate: RateLimit


class PrivateDraws:
    """The private redraw of each release's test y, drawn once."""

    def __init__(self, seed: int) -> None:
        """Start with none drawn."""
        self._seed, self._lock = seed, Lock()
        self._draws: dict[str, np.ndarray] = {}

    def find(self, release: ServedRelease) -> np.ndarray:
        """Return y `(n_test, d)`, drawn for the test labels by the secret seed."""
        with self._lock:
            name = release.manifest.name
            if name not in self._draws:
                self._draws[name] = release.codec.y.encode(release.data.test.label, mode="sample", seed=self._seed)
            return self._draws[name]


def read_address(request: Request) -> str:
    """Return the address that a request came from; empty for one that has none."""
    return request.client.host if request.client else ""


def choose_format(request: Request, form: Format | None) -> Format:
    """Return the format that is asked for, or else the one that the header Accept likes best, or JSON."""
    if form is not None:
        return form
    chosen = choose_media_type(request.headers.get("accept", ""), (JSON, *MEDIA_TYPES.values()))
    return next((name for name, media_type in MEDIA_TYPES.items() if media_type == chosen), "json")


def write_text(text: str, form: Format) -> Response:
    """Return a leaderboard as CSV or Markdown."""
    headers = {"Vary": "Accept", "X-Content-Type-Options": "nosniff"}
    return PlainTextResponse(text, headers=headers, media_type=MEDIA_TYPES[form])


def describe_list(model: Any) -> dict[str, Any]:
    """Return the OpenAPI description of a leaderboard: JSON of that model, or a text."""
    return {"model": model, "content": {name: {"schema": {"type": "string"}} for name in MEDIA_TYPES.values()}}
