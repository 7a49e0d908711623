"""Routes: the challenge track of a release, whose rows are drawn from a secret and whose labels nobody can look up."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import create_model

from api.catalogue import OfferedRelease
from api.datasets import matches_etag
from api.errors import describe_errors
from api.payload import NPY, describe_array, describe_request, read_array
from api.scores import (
    ENTRY_FIELDS,
    Board,
    DescriptionQuery,
    FormatQuery,
    LearningRuleQuery,
    LimitQuery,
    NameQuery,
    ParametersQuery,
    SecondsQuery,
    UrlQuery,
    choose_format,
    describe_list,
    read_address,
    write_text,
)
from eval.challenge import Season, draw_rows, verify_challenge
from eval.listing import CHALLENGE_COLUMNS, write_csv, write_markdown
from eval.store import Entry
from eval.submission import Submission
from ld_data.arrays import write_npy
from ld_data.challenge import find_generator
from ld_data.dataset import LatentDataset
from ld_data.errors import InputError, UnknownNameError
from ld_data.hashing import hash_array

SeasonQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Its number; the open one by default.")]
PATH = "/v1/datasets/{release}/challenge"

ChallengeEntry: Any = create_model(
    "ChallengeEntry",
    **ENTRY_FIELDS,
    season=(int, ...),
    public_rank=(int | None, ...),
    rank_gap=(int | None, ...),
)
AcceptedChallenge: Any = create_model("AcceptedChallenge", __base__=ChallengeEntry, receipt=(dict[str, Any], ...))
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


@dataclass(frozen=True)
class SeasonRows:
    """A season with its rows.

    Attributes:
        season: which.
        data: the release's dataset, but that its test rows are the season's.
        x_npy: x `(n, d)` float32 as `.npy`.
        x_sha256: of x as little-endian bytes.
    """

    season: Season
    data: LatentDataset = field(repr=False)
    x_npy: bytes = field(repr=False)
    x_sha256: str

    @classmethod
    def draw(cls, season: Season, release: OfferedRelease) -> "SeasonRows":
        """Return the rows that a season's secret draws."""
        split = draw_rows(season.secret, release.manifest.source["name"], release.codec, season.rows)
        split = replace(split, x=split.x.astype(np.float32))
        return cls(season, replace(release.data, test=split), write_npy(split.x), hash_array(split.x))


class Challenges:
    """The challenges of a board, whose rows are drawn once in each process, and one at a time."""

    def __init__(self, board: Board, rows: int) -> None:
        """Start with none drawn; a season that is opened here has so many rows."""
        self._board, self._rows, self._lock = board, rows, Lock()
        self._drawn: dict[str, SeasonRows] = {}

    def find(self, name: str) -> OfferedRelease:
        """Return a release; raise `UnknownNameError` if there is none, or its source can make no new rows."""
        release = self._board.catalogue.find(name)
        try:
            find_generator(release.manifest.source["name"])
        except UnknownNameError as error:
            raise UnknownNameError(f"{name} has no challenge track: {error}") from error
        return release

    def find_season(self, release: OfferedRelease, number: int | None = None) -> Season:
        """Return a season by its number, or the open one; raise `UnknownNameError` if there is none of the number."""
        current = self._board.store.open_season(*_name_version(release), self._rows)
        if number in (None, current.number):
            return current
        for season in self._board.store.list_seasons(*_name_version(release)):
            if season.number == number:
                return season
        raise UnknownNameError(f"{release.manifest.name} has no season {number}; the open one is {current.number}.")

    def find_closed(self, release: OfferedRelease) -> list[Season]:
        """Return the closed seasons, the first one first."""
        seasons = self._board.store.list_seasons(*_name_version(release))
        return [season for season in seasons if season.closed_at is not None]

    def draw(self, release: OfferedRelease) -> SeasonRows:
        """Return the open season with its rows."""
        with self._lock:
            season, name = self.find_season(release), release.manifest.name
            drawn = self._drawn.get(name)
            if drawn is None or drawn.season != season:
                drawn = self._drawn[name] = SeasonRows.draw(season, release)
            return drawn

    def compare(self, release: OfferedRelease, entries: Sequence[Entry], ranks: Sequence[int | None]) -> list[Any]:
        """Return entries as flat objects, with the rank of the best public entry of the same name and url, and the gap.

        The gap is the challenge rank minus the public rank: above 0 for who does worse where nothing can be looked up.
        """
        rows = [entry.to_json() for entry in entries]
        public = self._board.store.rank_names(*_name_version(release), {row["name"] for row in rows}) if rows else {}
        for row, rank in zip(rows, ranks, strict=True):
            row["public_rank"] = place = public.get((row["name"], row["url"]))
            row["rank_gap"] = None if rank is None or place is None else rank - place
        return rows


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
            board.store.entries(*_name_version(found), status, limit, chosen_season) for status in ("ranked", "suspect")
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
        release: str,
        request: Request,
        name: NameQuery,
        url: UrlQuery = "",
        description: DescriptionQuery = "",
        parameters: ParametersQuery = None,
        seconds: SecondsQuery = None,
        learning_rule: LearningRuleQuery = "",
        season: SeasonQuery = None,
    ) -> Response:
        """Take predictions `(n, d)` for the challenge's x, in its order, made for the season of that number."""
        board.rate.take(read_address(request))
        board.tokens.check_submitter(request.headers.get("authorization", ""))
        found = challenges.find(release)
        submission = Submission(name, url, description, parameters, seconds, learning_rule)

        def work(body: bytes) -> tuple[Entry, dict[str, Any]]:
            drawn = challenges.draw(found)
            _check_season(drawn.season, season)
            verdict = verify_challenge(read_array(request, body, "predictions"), drawn.data)
            entry = board.store.add(submission, verdict, drawn.season)
            (row,) = challenges.compare(found, [entry], [board.store.find_rank(entry, drawn.season)])
            return entry, row

        entry, row = await board.worker.run(request, work)
        return JSONResponse({**row, "receipt": entry.receipt.values}, 201)


def _name_version(release: OfferedRelease) -> tuple[str, str]:
    """Return a release's name, and the sha256 of its public test y, as the store names versions."""
    return release.manifest.name, release.manifest.arrays["y_test"].sha256


def _check_season(current: Season, number: int | None) -> None:
    if number not in (None, current.number):
        raise InputError(
            f"these predictions are for season {number}; the open one is {current.number}. Fetch its x, and predict "
            "that."
        )
