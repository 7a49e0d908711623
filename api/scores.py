"""Routes: the leaderboard of a release."""

from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import create_model

from api.catalogue import Catalogue
from api.errors import describe_errors
from api.limits import Worker
from api.payload import describe_array, describe_request, read_array
from eval.leaderboard import Leaderboard
from eval.score import Score, score_predictions
from eval.submission import MAX_DESCRIPTION, MAX_NAME, MAX_URL, Submission
from ld_data.errors import InputError

NameQuery = Annotated[str, Query(min_length=1, max_length=MAX_NAME, description="Of the model.")]
UrlQuery = Annotated[str, Query(max_length=MAX_URL, description="A link to it.")]
DescriptionQuery = Annotated[str, Query(max_length=MAX_DESCRIPTION, description="A few words on it.")]
DataQuery = Annotated[str, Query(max_length=64, description="The sha256 of the y_test that they were made for.")]
LimitQuery = Annotated[int, Query(ge=1, le=1000, description="How many entries.")]

# The shape of `Entry.to_json`, for the documentation.
_FIELDS: dict[str, Any] = {field.name: (field.type, ...) for kind in (Submission, Score) for field in fields(kind)}
ScoreEntry: Any = create_model("ScoreEntry", id=(int, ...), submitted_at=(str, ...), **_FIELDS)
ScoreList: Any = create_model("ScoreList", scores=(list[ScoreEntry], ...))


def make_router(catalogue: Catalogue, leaderboard: Leaderboard, worker: Worker) -> APIRouter:
    """Return the routes under `/v1/datasets/{release}/scores`."""
    router = APIRouter(prefix="/v1/datasets/{release}/scores", tags=["leaderboard"])

    @router.get(
        "",
        summary="The best scores, lowest noise-free MSE first",
        response_model=ScoreList,
        responses=describe_errors(404, 422, 503),
    )
    def list_scores(release: str, limit: LimitQuery = 100) -> dict[str, list[dict[str, Any]]]:
        manifest = catalogue.find(release).manifest
        entries = leaderboard.entries(manifest.name, manifest.arrays["y_test"].sha256, limit)
        return {"scores": [entry.to_json() for entry in entries]}

    @router.post(
        "",
        status_code=201,
        response_model=ScoreEntry,
        summary="Score predictions and list the score",
        openapi_extra=describe_request("predictions", describe_array(2)),
        responses=describe_errors(404, 408, 413, 415, 422, 429, 503),
    )
    async def add_score(
        release: str,
        request: Request,
        name: NameQuery,
        url: UrlQuery = "",
        description: DescriptionQuery = "",
        data_sha256: DataQuery = "",
    ) -> dict[str, Any]:
        """Take predictions `(n_test, d)` for the test rows, in their order; the service computes the score itself."""
        found = catalogue.find(release)
        submission = Submission(name, url, description)
        if data_sha256 not in ("", found.manifest.arrays["y_test"].sha256):
            raise InputError(
                f"these predictions are for another version of {release} than the {found.manifest.release_version} "
                "that is served here. Download that, then predict its test rows."
            )

        def work(body: bytes) -> dict[str, Any]:
            score = score_predictions(read_array(request, body, "predictions"), found.data)
            return leaderboard.add(submission, score).to_json()

        return await worker.run(request, work)

    return router
