"""Routes: the kept baselines of a release, to set beside a leaderboard, and their predictions."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.leaderboard.learning import Ladder, Rule, describe_rules, find_ladders
from api.leaderboard.references import read_baselines
from api.messages.files import send_content
from api.messages.payload import JSON, describe_array, describe_response, write_json
from api.messages.refusals import describe_errors
from api.releases.operations import Draw
from api.routes.codecs import ERRORS, VECTORS, Release
from api.routes.state import CatalogueState, CodecServiceState
from eval.kept.baselines import FIGURES
from eval.kept.ladders import Climb
from eval.names import AIDED
from ld_data.errors import UnknownNameError

Name = Annotated[str, Path(description="The name of a baseline, one of `models` in the list.")]

router = APIRouter(prefix="/v1/datasets/{release}", tags=["leaderboard"])


class SeedSpread(BaseModel):
    """The mean of a figure over seeds, and its standard deviation."""

    mean: float
    std: float | None = Field(description="Divided by n - 1; null for a single seed.")


class Baseline(BaseModel):
    """A baseline: its name, the seeds that it was trained with, and its figures, as those of a score.

    `aided` ones learn from the class of y, which its decoder gives, so that their figures do not compare.
    """

    name: str
    seeds: list[int]
    skill: SeedSpread
    noise_free_mse: SeedSpread
    decoded_accuracy: SeedSpread
    mse: SeedSpread
    aided: bool
    rule: Rule | None = Field(description="null for a baseline that is no learning rule.")
    ladder: Ladder | None = Field(description="null if none is kept.")


class BaselineList(BaseModel):
    """The baselines of a release, lowest noise-free MSE first, on the test set with this sha256."""

    release: str
    data_sha256: str
    null: float
    floor: float
    baselines: list[Baseline]
    models: list[str] = Field(description="The baselines that answer at `{name}/predict`, the best first.")


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
    rules, ladders = describe_rules(found), find_ladders(found)
    figures = [
        {
            "name": row.name,
            "seeds": row.seeds,
            **{name: vars(getattr(row.summary, name)) for name in FIGURES},
            "aided": row.name in AIDED,
            "rule": rules.get(row.name),
            "ladder": _describe_climb(ladders.get(row.name)),
        }
        for row in rows
    ]
    facts = {"release": release, "data_sha256": found.data.test_sha256, "null": rows[0].null, "floor": rows[0].floor}
    body = write_json({**facts, "baselines": figures, "models": list(found.predictions)})
    return send_content(request, body, JSON, "the list of baselines")


@router.post(
    "/baselines/{name}/predict",
    summary="x latents to the y that a baseline predicts",
    responses={
        **describe_response(
            "Predicted y (n, d), the classes (n,) that they decode to, and shares (n, k): of the class means in the "
            "mixture nearest to y, which for the best model are the probabilities of the classes. As .npy y alone.",
            labels=describe_array(1, "integer"),
            shares=describe_array(2),
            vectors=describe_array(2),
        ),
        **ERRORS,
    },
    openapi_extra=VECTORS,
)
async def predict_y(release: Release, name: Name, request: Request, service: CodecServiceState) -> Response:
    """Answer with the y that a kept model predicts from each x."""
    predictions = service.catalogue.find(release).predictions
    if name not in predictions:
        known = ", ".join(predictions) or "none"
        raise UnknownNameError(
            f"{release} has no model {name!r} that predicts y. It has: {known}. "
            f"`python -m eval export-baselines {release} --out checkpoints/baselines/{release}` makes mlp and another."
        )
    return await service.answer(request, predictions[name], Draw())


def _describe_climb(climb: Climb | None) -> dict[str, Any] | None:
    return None if climb is None else {"rows": climb.rows, "steps": [asdict(step) for step in climb.steps]}
