"""Routes: the leaderboard of a release, and the log of receipts."""

from dataclasses import dataclass, fields
from itertools import chain
from threading import Lock
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import create_model

from api.catalogue import Catalogue, OfferedRelease
from api.errors import describe_errors
from api.limits import Worker
from api.negotiation import choose_media_type
from api.payload import JSON, describe_array, describe_request, read_array
from api.rate_limit import RateLimit
from eval.listing import write_csv, write_markdown
from eval.score import Score
from eval.store import MAX_REASON, Entry, Store
from eval.submission import MAX_DESCRIPTION, MAX_LEARNING_RULE, MAX_NAME, MAX_PARAMETERS, MAX_URL, Submission
from eval.tokens import Tokens
from eval.verification import PrivateScore, Status, verify_predictions
from ld_data.errors import InputError

Format = Literal["json", "csv", "markdown"]
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "markdown": "text/markdown"}
JSON_LINES = "application/jsonl"

NameQuery = Annotated[str, Query(min_length=1, max_length=MAX_NAME, description="Of the model.")]
UrlQuery = Annotated[str, Query(max_length=MAX_URL, description="A link to it.")]
DescriptionQuery = Annotated[str, Query(max_length=MAX_DESCRIPTION, description="A few words on it.")]
ParametersQuery = Annotated[int | None, Query(ge=0, le=MAX_PARAMETERS, description="How many numbers it learned.")]
SecondsQuery = Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="That its training took.")]
LearningRuleQuery = Annotated[str, Query(max_length=MAX_LEARNING_RULE, description="By which it was trained.")]
DataQuery = Annotated[str, Query(max_length=64, description="The test set that they are for, as the dataset tells.")]
LimitQuery = Annotated[int, Query(ge=1, le=1000, description="How many entries, and how many suspects.")]
FormatQuery = Annotated[Format | None, Query(alias="format", description="Else the header Accept decides.")]
NumberPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of an entry.")]
ReasonQuery = Annotated[str, Query(min_length=1, max_length=MAX_REASON, description="Goes into the log.")]


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
ENTRY_FIELDS |= {
    "class_accuracy": (list[float | None], ...),
    "id": (int, ...),
    "track": (str, ...),
    "submitted_at": (str, ...),
    "status": (Status, ...),
    "ceiling": (float | None, ...),
    "predictions_sha256": (str, ...),
    "receipt_sha256": (str, ...),
}
ScoreEntry: Any = create_model(
    "ScoreEntry",
    **ENTRY_FIELDS,
    private=(PrivateScore, ...),
)
AcceptedScore: Any = create_model(
    "AcceptedScore", __base__=ScoreEntry, rank=(int | None, ...), receipt=(dict[str, Any], ...)
)
ScoreList: Any = create_model(
    "ScoreList",
    scores=(list[ScoreEntry], ...),
    suspects=(list[ScoreEntry], ...),
    private_seed_sha256=(str, ...),
    head=(str, ...),
)
Removal: Any = create_model("Removal", receipt=(dict[str, Any], ...), receipt_sha256=(str, ...))


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

    def find(self, release: OfferedRelease) -> np.ndarray:
        """Return y `(n_test, d)`, drawn for the test labels by the secret seed."""
        with self._lock:
            name = release.manifest.name
            if name not in self._draws:
                self._draws[name] = release.codec.y.encode(release.data.test.label, mode="sample", seed=self._seed)
            return self._draws[name]


def make_router(board: Board) -> APIRouter:
    """Return the routes under `/v1/datasets/{release}/scores`, and the log."""
    router = APIRouter(tags=["leaderboard"])
    _add_reading(router, board)
    _add_submitting(router, board)
    _add_removing(router, board)
    return router


def _add_reading(router: APIRouter, board: Board) -> None:
    @router.get(
        "/v1/datasets/{release}/scores",
        summary="The best scores, lowest noise-free MSE first",
        response_class=JSONResponse,
        responses={200: describe_list(ScoreList), **describe_errors(404, 422, 503)},
    )
    def list_scores(release: str, request: Request, limit: LimitQuery = 100, form: FormatQuery = None) -> Response:
        found = board.catalogue.find(release)
        head = board.store.head()
        scores, suspects = (
            [entry.to_json() for entry in board.store.entries(*found.version, status, limit)]
            for status in ("ranked", "suspect")
        )
        chosen = choose_format(request, form)
        if chosen == "csv":
            return write_text(write_csv(scores, suspects), chosen)
        if chosen == "markdown":
            return write_text(write_markdown(found.manifest.name, scores, suspects), chosen)
        seed_sha256 = board.store.private_seed_sha256
        body = {"scores": scores, "suspects": suspects, "private_seed_sha256": seed_sha256, "head": head}
        return JSONResponse(body, headers={"Vary": "Accept"})

    @router.get(
        "/v1/scores/log",
        summary="The log of receipts, of all releases",
        response_class=StreamingResponse,
        responses={
            200: {"description": "JSON Lines.", "content": {JSON_LINES: {"schema": {"type": "string"}}}},
            **describe_errors(503),
        },
    )
    def read_log() -> Response:
        chunks = board.store.read_log()
        first = next(chunks, b"")  # read before the answer begins, so that a store that fails is told by its status
        return StreamingResponse(chain([first], chunks), media_type=JSON_LINES)


def _add_submitting(router: APIRouter, board: Board) -> None:
    draws = PrivateDraws(board.store.private_seed)

    @router.post(
        "/v1/datasets/{release}/scores",
        status_code=201,
        response_class=JSONResponse,
        summary="Verify predictions and list their score",
        openapi_extra=describe_request("predictions", describe_array(2)),
        responses={
            201: {"model": AcceptedScore},
            **describe_errors(401, 404, 408, 409, 413, 415, 422, 429, 503, 507),
        },
    )
    async def add_score(
        release: str,
        request: Request,
        submission: SubmissionQuery,
        data_sha256: DataQuery = "",
    ) -> Response:
        """Take predictions `(n_test, d)` for the test rows, in their order; the service computes the score itself."""
        board.rate.take(read_address(request))
        board.tokens.check_submitter(request.headers.get("authorization", ""))
        found = board.catalogue.find(release)
        _check_version(found, data_sha256)

        def work(body: bytes) -> tuple[Entry, int | None]:
            predictions = read_array(request, body, "predictions")
            entry = board.store.add(submission, verify_predictions(predictions, found.data, draws.find(found)))
            return entry, board.store.find_rank(entry)

        entry, rank = await board.worker.run(request, work)
        return JSONResponse({**entry.to_json(), "rank": rank, "receipt": entry.receipt.values}, 201)


def _add_removing(router: APIRouter, board: Board) -> None:
    @router.delete(
        "/v1/datasets/{release}/scores/{number}",
        response_model=Removal,
        summary="Remove an entry; the log keeps its receipt, and one of the removal",
        responses=describe_errors(401, 403, 404, 422, 429, 503),
    )
    def remove_score(release: str, number: NumberPath, request: Request, reason: ReasonQuery) -> dict[str, Any]:
        board.rate.take(read_address(request))  # so that tokens cannot be guessed fast
        board.tokens.check_remover(request.headers.get("authorization", ""))
        receipt = board.store.remove(board.catalogue.find(release).manifest.name, number, reason)
        return {"receipt": receipt.values, "receipt_sha256": receipt.sha256}


def _check_version(found: OfferedRelease, data_sha256: str) -> None:
    if data_sha256 not in ("", found.data.test_sha256):
        raise InputError(
            f"these predictions are for another version of {found.manifest.name} than the "
            f"{found.manifest.release_version} that is served here. Download that, then predict its test rows."
        )


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
