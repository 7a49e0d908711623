"""Routes: the leaderboard of a release, and the log of receipts."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from api.leaderboard.answers import AcceptedScore, Removal, ScoreList
from api.leaderboard.listing import FormatQuery, describe_list, send_list
from api.leaderboard.queries import LimitQuery, OwnerHeader, SubmissionQuery
from api.leaderboard.references import list_references
from api.messages.payload import describe_array, describe_request, read_array
from api.messages.refusals import describe_errors
from api.releases.catalogue import ServedRelease
from api.routes.state import LeaderboardState
from api.work.worker import in_store_threads
from eval.leaderboard.entries import Entry
from eval.leaderboard.leaks import verify_predictions
from eval.leaderboard.store import MAX_REASON
from eval.leaderboard.submission import Sender
from eval.predictions import check_seeds
from ld_data.errors import InputError

JSON_LINES = "application/jsonl"
PATH = "/v1/datasets/{release}/scores"
DataQuery = Annotated[
    str, Query(max_length=64, description="The sha256 of the test set that they are for, as in the dataset's facts.")
]
NumberPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of an entry.")]
ReasonQuery = Annotated[str, Query(min_length=1, max_length=MAX_REASON, description="Goes into the log.")]

router = APIRouter(tags=["leaderboard"])


@router.get(
    PATH,
    summary="List the best scores, lowest noise-free MSE first",
    response_class=JSONResponse,
    responses={200: describe_list(ScoreList), **describe_errors(404, 408, 413, 422, 429, 503)},
)
@in_store_threads
def list_scores(
    release: str, request: Request, leaderboard: LeaderboardState, limit: LimitQuery = 100, form: FormatQuery = None
) -> Response:
    """Return the ranked entries, by tie groups, the suspects and the kept baselines, each best first."""
    found, store = leaderboard.catalogue.find(release), leaderboard.store
    head = store.head()
    scores, suspects = (
        [entry.to_json() for entry in store.entries(*found.version, status, limit)] for status in ("ranked", "suspect")
    )
    lists = {"scores": scores, "suspects": suspects, "baselines": list_references(found)}
    board = lists | {"private_seed_sha256": store.private_seed_sha256, "head": head}
    return send_list(request, form, found.manifest.name, board)


@router.get(
    "/v1/scores/log",
    summary="Read the log of receipts of all releases",
    response_class=StreamingResponse,
    responses={
        200: {"description": "JSON Lines.", "content": {JSON_LINES: {"schema": {"type": "string"}}}},
        **describe_errors(408, 413, 429, 503),
    },
)
async def read_log(request: Request, leaderboard: LeaderboardState) -> Response:
    """Return the receipts, one a line, oldest first."""
    return await leaderboard.worker.stream(request, lambda _: (0, leaderboard.store.read_log()), JSON_LINES)


@router.post(
    PATH,
    status_code=201,
    response_class=JSONResponse,
    summary="Verify predictions and list their score",
    openapi_extra=describe_request("predictions", {"anyOf": [describe_array(2), describe_array(3)]}),
    responses={
        201: {"model": AcceptedScore},
        **describe_errors(401, 403, 404, 408, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def add_score(
    release: str,
    request: Request,
    leaderboard: LeaderboardState,
    submission: SubmissionQuery,
    data_sha256: DataQuery = "",
    owner: OwnerHeader = "",
) -> Response:
    """Take predictions `(n_test, d)` for the test rows, in their order, or those of 3 to 10 seeds `(seeds, n_test, d)`.

    The service computes the score itself: of seeds, the means.
    """
    sender = Sender(owner, await leaderboard.admit_submitter(request))
    found, store = leaderboard.catalogue.find(release), leaderboard.store
    _check_version(found, data_sha256)

    def work(body: bytes) -> Entry:
        predictions = check_seeds(read_array(request, body, "predictions"), found.data)
        verdict = verify_predictions(predictions, found.data, leaderboard.draw_private_y(found))
        return store.add(submission, verdict, sender=sender)

    entry = await leaderboard.worker.run(request, work)
    row = {**entry.to_json(), "receipt": entry.receipt.values, "owner_secret": entry.owner_secret}
    return JSONResponse(row, 201)


@router.delete(
    f"{PATH}/{{number}}",
    response_model=Removal,
    summary="Remove an entry; the log keeps its receipt, and gets one of the removal",
    responses=describe_errors(401, 403, 404, 408, 413, 422, 429, 503),
)
@in_store_threads
def remove_score(
    release: str, number: NumberPath, request: Request, leaderboard: LeaderboardState, reason: ReasonQuery
) -> dict[str, Any]:
    """Return the receipt of the removal."""
    leaderboard.admit(request, leaderboard.tokens.check_remover)
    receipt = leaderboard.store.remove(leaderboard.catalogue.find(release).manifest.name, number, reason)
    return {"receipt": receipt.values, "receipt_sha256": receipt.sha256}


def _check_version(found: ServedRelease, data_sha256: str) -> None:
    if data_sha256 not in ("", found.data.test_sha256):
        raise InputError(
            f"these predictions are for another version of {found.manifest.name} than the "
            f"{found.manifest.release_version} that this service has. Download that version, then predict its test "
            "rows."
        )
