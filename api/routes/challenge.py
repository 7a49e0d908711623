"""Routes: the challenge track of a release, whose rows are drawn from a secret and whose labels are not published."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api.leaderboard.answers import AcceptedChallenge, ChallengeList, ChallengeState
from api.leaderboard.listing import CHALLENGE_COLUMNS, FormatQuery, describe_list, send_list
from api.leaderboard.queries import LimitQuery, OwnerHeader, SeasonQuery, SubmissionQuery
from api.messages.files import send_content
from api.messages.payload import BINARY_CONTENT, NPY, describe_array, describe_request, read_array
from api.messages.refusals import describe_errors
from api.routes.state import LeaderboardState
from api.work.worker import in_store_threads
from eval.leaderboard.challenge import Season, verify_challenge
from eval.leaderboard.leaks import Status
from eval.leaderboard.submission import Sender
from eval.predictions import check_predictions
from ld_data.errors import InputError

PATH = "/v1/datasets/{release}/challenge"
PARTS: dict[str, Status] = {"scores": "ranked", "suspects": "suspect", "held": "held"}  # of a season's leaderboard
NOTE = (
    "held: not shown to be better than the best that this season shows, whose figures are repeated here; its own "
    "figures are published when the season closes"
)
XQuery = Annotated[str | None, Query(max_length=64, description="The sha256 of the x that they are for.")]

router = APIRouter(tags=["challenge"])


@router.get(
    PATH,
    summary="Show the open season, and the secrets of the closed ones",
    response_model=ChallengeState,
    responses=describe_errors(404, 408, 413, 429, 503),
)
async def show_challenge(release: str, request: Request, leaderboard: LeaderboardState) -> dict[str, Any]:
    """Return the open season and the closed ones; if no season is open, open one."""
    challenges = leaderboard.challenges
    found = challenges.find(release)

    def work(_: bytes) -> dict[str, Any]:
        drawn = challenges.draw(found)
        closed = [season.to_json() for season in leaderboard.store.list_seasons(*found.version) if season.closed_at]
        return {"release": release, **drawn.season.to_json(), "closed": closed}

    return await leaderboard.worker.run(request, work)


@router.get(
    f"{PATH}/x",
    summary="Fetch the x to predict y from",
    response_class=Response,
    responses={
        200: {
            "description": "x (n, d) float32 as .npy, with a strong ETag.",
            "content": {NPY: BINARY_CONTENT},
        },
        304: {"description": "x is the one that If-None-Match names."},
        **describe_errors(404, 408, 412, 413, 429, 503),
    },
)
async def send_x(release: str, request: Request, leaderboard: LeaderboardState, season: SeasonQuery = None) -> Response:
    """Return the x of the open season, or of another, as it was drawn once: the same bytes from every host."""
    challenges = leaderboard.challenges
    found = challenges.find(release)

    def work(_: bytes) -> tuple[Season, bytes]:
        chosen, drawn = challenges.find_season(found, season), challenges.draw(found)
        return (drawn.season, drawn.x_npy) if chosen.closed_at is None else (chosen, leaderboard.store.read_x(chosen))

    chosen, x_npy = await leaderboard.worker.run(request, work)
    return send_content(request, x_npy, NPY, "x", sha256=str(chosen.x_sha256))


@router.get(
    f"{PATH}/scores",
    summary="List the best scores of a season, lowest noise-free MSE first",
    response_class=JSONResponse,
    responses={200: describe_list(ChallengeList), **describe_errors(404, 408, 413, 422, 429, 503)},
)
@in_store_threads
def list_challenge_scores(
    release: str,
    request: Request,
    leaderboard: LeaderboardState,
    limit: LimitQuery = 100,
    form: FormatQuery = None,
    season: SeasonQuery = None,
) -> Response:
    """Return the ranked entries and the suspects, best first, and those that are held, oldest first."""
    challenges, store = leaderboard.challenges, leaderboard.store
    found = challenges.find(release)
    chosen_season = challenges.find_season(found, season)
    head = store.head()
    board = {**chosen_season.to_json(), "head": head}
    for part, status in PARTS.items():
        board[part] = challenges.compare(found, store.entries(*found.version, status, limit, chosen_season))
    return send_list(request, form, f"{release}, challenge, season {chosen_season.number}", board, CHALLENGE_COLUMNS)


@router.post(
    f"{PATH}/scores",
    status_code=201,
    response_class=JSONResponse,
    summary="Score predictions for the rows of the open season",
    openapi_extra=describe_request("predictions", describe_array(2)),
    responses={
        201: {"model": AcceptedChallenge},
        **describe_errors(401, 403, 404, 408, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def add_challenge_score(
    release: str,
    request: Request,
    leaderboard: LeaderboardState,
    submission: SubmissionQuery,
    season: SeasonQuery = None,
    x_sha256: XQuery = None,
    owner: OwnerHeader = "",
) -> Response:
    """Take predictions `(n, d)` for the challenge's x, in its order: the x of that season's number, or of that hash."""
    sender = Sender(owner, await leaderboard.admit_submitter(request))
    if season is None and x_sha256 is None:
        raise InputError("predictions for a challenge must name their x: add ?season= its number, or ?x_sha256=.")
    challenges, store = leaderboard.challenges, leaderboard.store
    found = challenges.find(release)

    def work(body: bytes) -> dict[str, Any]:
        drawn = challenges.draw(found)
        _check_season(drawn.season, season, x_sha256)
        predictions = check_predictions(read_array(request, body, "predictions"), drawn.data)
        entry = store.add(submission, verify_challenge(predictions, drawn.data), drawn.season, sender)
        (row,) = challenges.compare(found, [entry])
        own = {"receipt": entry.receipt.values, "owner_secret": entry.owner_secret}
        return row | own | {"note": NOTE if entry.best else ""}

    return JSONResponse(await leaderboard.worker.run(request, work), 201)


def _check_season(current: Season, number: int | None, x_sha256: str | None) -> None:
    if number not in (None, current.number) or x_sha256 not in (None, current.x_sha256):
        received = f"season {number}" if number not in (None, current.number) else f"the x with the sha256 {x_sha256}"
        raise InputError(
            f"these predictions are for {received}; the open season is {current.number}, and its x has the sha256 "
            f"{current.x_sha256}. Fetch its x, and predict its rows."
        )
