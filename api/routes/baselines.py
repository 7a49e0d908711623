"""Routes: the kept baselines of a release, to set beside a leaderboard."""

from hashlib import sha256

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.leaderboard.references import read_baselines
from api.messages.files import respond_to_conditions
from api.messages.payload import JSON, write_json
from api.messages.refusals import describe_errors
from api.routes.state import CatalogueState
from eval.kept.baselines import FIGURES
from ld_data.errors import UnknownNameError

router = APIRouter(prefix="/v1/datasets/{release}", tags=["leaderboard"])


class SeedSpread(BaseModel):
    """The mean of a figure over seeds, and its standard deviation."""

    mean: float
    std: float | None = Field(description="Divided by n - 1; null for a single seed.")


class Baseline(BaseModel):
    """A baseline: its name, the seeds that it was trained with, and its figures, as those of a score."""

    name: str
    seeds: list[int]
    skill: SeedSpread
    noise_free_mse: SeedSpread
    decoded_accuracy: SeedSpread
    mse: SeedSpread


class BaselineList(BaseModel):
    """The baselines of a release, lowest noise-free MSE first, on the test set with this sha256."""

    release: str
    data_sha256: str
    null: float
    floor: float
    baselines: list[Baseline]


@router.get(
    "/baselines",
    summary="List the kept baselines, lowest noise-free MSE first",
    response_class=JSONResponse,
    responses={
        200: {"model": BaselineList},
        304: {"description": "The list is the one that If-None-Match names."},
        **describe_errors(404, 412, 503),
    },
)
def list_baselines(release: str, request: Request, catalogue: CatalogueState) -> Response:
    """Return the figures of simple models and learning rules, each the mean over its seeds, with a strong ETag."""
    found = catalogue.find(release)
    rows = read_baselines(found)
    if not rows:
        raise UnknownNameError(f"{release} has no kept baselines of version {found.manifest.release_version}.")
    figures = [
        {"name": row.name, "seeds": row.seeds} | {name: vars(getattr(row.summary, name)) for name in FIGURES}
        for row in rows
    ]
    bounds = {"null": rows[0].null, "floor": rows[0].floor}
    body = write_json({"release": release, "data_sha256": found.data.test_sha256, **bounds, "baselines": figures})
    headers = {"ETag": f'"{sha256(body).hexdigest()}"', "Cache-Control": "no-cache"}
    if answer := respond_to_conditions(request.scope, headers, None, "the list of baselines"):
        return answer
    return Response(body, headers=headers, media_type=JSON)
