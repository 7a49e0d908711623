"""Routes: the challenge track of a release, whose rows are drawn from a secret and whose labels nobody can look up."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import create_model

from api.leaderboard.board import (
    ENTRY_FIELDS,
    Board,
    FormatQuery,
    LimitQuery,
    SubmissionQuery,
    choose_format,
    describe_list,
    read_address,
    write_text,
)
from api.leaderboard.listing import CHALLENGE_COLUMNS, write_csv, write_markdown
from api.leaderboard.season_rows import Challenges
from api.messages.files import matches_etag
from api.messages.payload import NPY, describe_array, describe_request, read_array
from api.messages.refusals import describe_errors
from eval.leaderboard.challenge import Season, verify_challenge
from eval.leaderboard.entries import Entry
from eval.predictions import check_predictions
from ld_data.errors import InputError

SeasonQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Its number; the open one by default.")]
PATH = "/v1/datasets/{release}/challenge"

ChallengeEntry: Any = create_model(
    "ChallengeEntry",
    **ENTRY_FIELDS,
    season=(int, ...),
    public_rank=(int | None, ...),
    rank_gap=(int | None, ...),
)
AcceptedChallenge: Any = create_model(
    "AcceptedChallenge", __base__=ChallengeEntry, rank=(int | None, ...), receipt=(dict[str, Any], ...)
)
_SEASON_FIELDS: dict[str, Any] = {
    "season": (int, ...),
    "rows": (int, ...),
    "secret_sha256": (str, ...),
    "opened_at": (str, ...),
    "closed_at": (str | None, ...),
}
ClosedSeason: Any = create_model("ClosedSeason", **_SEASON_FIELDS, secret=(str, ...))
ChallengeState: Any = create_model(
    "ChallengeState", release=(str, ...), **_SEASON_FIELDS, x_sha256=(str, ...), closed=(list[ClosedSeason], ...)
)
ChallengeList: Any = create_model(
    "ChallengeList",
    **_SEASON_FIELDS,
    secret=(str, ""),
    scores=(list[ChallengeEntry], ...),
    suspects=(list[ChallengeEntry], ...),
    head=(str, ...),
)


def make_router(board: Board, rows: int) -> APIRouter:
    """Return the routes under `/v1/datasets/{release}/challenge`; seasons that they open have so many rows."""
    router = APIRouter(tags=["challenge"])
    challenges = Challenges(board, rows)
    _add_rows(router, board, challenges)
    _add_reading(router, board, challenges)
    _add_submitting(router, board, challenges)
    return router


def _add_rows(router: APIRouter, board: Board, challenges: Challenges) -> None:
    @router.get(
        PATH,
        summary="The open season, and the secrets of those that were closed",
        response_model=ChallengeState,
        responses=describe_errors(404, 408, 413, 429, 503),
    )
    async def show_challenge(release: str, request: Request) -> dict[str, Any]:
        found = challenges.find(release)

        def work(_: bytes) -> dict[str, Any]:
            drawn = challenges.draw(found)
            closed = [season.to_json() for season in challenges.find_closed(found)]
            return {"release": release, **drawn.season.to_json(), "x_sha256": drawn.x_sha256, "closed": closed}

        return await board.worker.run(request, work)

    @router.get(
        f"{PATH}/x",
        summary="The x to predict y from",
        response_class=Response,
        responses={
            200: {
                "description": "x (n, d) float32 as .npy, with a strong ETag.",
                "content": {NPY: {"schema": {"type": "string", "format": "binary"}}},
            },
            304: {"description": "x is the one that If-None-Match names."},
            **describe_errors(404, 408, 413, 429, 503),
        },
    )
    async def send_x(release: str, request: Request) -> Response:
        found = challenges.find(release)
        drawn = await board.worker.run(request, lambda _: challenges.draw(found))
        headers = {"ETag": f'"{drawn.x_sha256}"', "Cache-Control": "no-cache"}
        if matches_etag(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(drawn.x_npy, headers=headers, media_type=NPY)


def _add_reading(router: APIRouter, board: Board, challenges: Challenges) -> None:
    @router.get(
        f"{PATH}/scores",
        summary="The best scores of a season, lowest noise-free MSE first",
        response_class=JSONResponse,
        responses={200: describe_list(ChallengeList), **describe_errors(404, 422, 503)},
    )
    def list_challenge_scores(
        release: str, request: Request, limit: LimitQuery = 100, form: FormatQuery = None, season: SeasonQuery = None
    ) -> Response:
        found = challenges.find(release)
        chosen_season = challenges.find_season(found, season)
        head = board.store.head()
        ranked, doubtful = (
            board.store.entries(*found.version, status, limit, chosen_season) for status in ("ranked", "suspect")
        )
        scores = challenges.compare(found, ranked, range(1, len(ranked) + 1))
        suspects = challenges.compare(found, doubtful, [None] * len(doubtful))
        chosen = choose_format(request, form)
        if chosen == "csv":
            return write_text(write_csv(scores, suspects, CHALLENGE_COLUMNS), chosen)
        if chosen == "markdown":
            title = f"{release}, challenge, season {chosen_season.number}"
            return write_text(write_markdown(title, scores, suspects), chosen)
        body = {**chosen_season.to_json(), "scores": scores, "suspects": suspects, "head": head}
        return JSONResponse(body, headers={"Vary": "Accept"})


def _add_submitting(router: APIRouter, board: Board, challenges: Challenges) -> None:
    @router.post(
        f"{PATH}/scores",
        status_code=201,
        response_class=JSONResponse,
        summary="Score predictions for the rows of the open season",
        openapi_extra=describe_request("predictions", describe_array(2)),
        responses={
            201: {"model": AcceptedChallenge},
            **describe_errors(401, 404, 408, 409, 413, 415, 422, 429, 503, 507),
        },
    )
    async def add_challenge_score(
        release: str, request: Request, submission: SubmissionQuery, season: SeasonQuery = None
    ) -> Response:
        """Take predictions `(n, d)` for the challenge's x, in its order, made for the season of that number."""
        board.rate.take(read_address(request))
        board.tokens.check_submitter(request.headers.get("authorization", ""))
        found = challenges.find(release)

        def work(body: bytes) -> tuple[Entry, dict[str, Any]]:
            drawn = challenges.draw(found)
            _check_season(drawn.season, season)
            predictions = check_predictions(read_array(request, body, "predictions"), drawn.data)
            verdict = verify_challenge(predictions, drawn.data)
            entry = board.store.add(submission, verdict, drawn.season)
            rank = board.store.find_rank(entry, drawn.season)
            (row,) = challenges.compare(found, [entry], [rank])
            return entry, row | {"rank": rank}

        entry, row = await board.worker.run(request, work)
        return JSONResponse({**row, "receipt": entry.receipt.values}, 201)


def _check_season(current: Season, number: int | None) -> None:
    if number not in (None, current.number):
        raise InputError(
            f"these predictions are for season {number}; the open one is {current.number}. Fetch its x, and predict "
            "that."
        )
