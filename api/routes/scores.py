"""Routes: the leaderboard of a release, and the log of receipts."""

from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import create_model

from api.leaderboard.board import (
    ENTRY_FIELDS,
    Board,
    FormatQuery,
    LimitQuery,
    PrivateDraws,
    SubmissionQuery,
    choose_format,
    describe_list,
    read_address,
    write_text,
)
from api.leaderboard.listing import write_csv, write_markdown
from api.messages.payload import describe_array, describe_request, read_array
from api.messages.refusals import describe_errors
from api.releases.catalogue import ServedRelease
from eval.leaderboard.entries import Entry
from eval.leaderboard.store import MAX_REASON
from eval.leaderboard.verification import PrivateScore, Status, verify_predictions
from eval.predictions import check_predictions
from ld_data.errors import InputError

JSON_LINES = "application/jsonl"
DataQuery = Annotated[str, Query(max_length=64, description="The test set that they are for, as the dataset tells.")]
NumberPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of an entry.")]
ReasonQuery = Annotated[str, Query(min_length=1, max_length=MAX_REASON, description="Goes into the log.")]
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
            predictions = check_predictions(read_array(request, body, "predictions"), found.data)
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


def _check_version(found: ServedRelease, data_sha256: str) -> None:
    if data_sha256 not in ("", found.data.test_sha256):
        raise InputError(
            f"these predictions are for another version of {found.manifest.name} than the "
            f"{found.manifest.release_version} that is served here. Download that, then predict its test rows."
        )
