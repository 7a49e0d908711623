"""Routes: the test rows of a release, and a map of them."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.messages.payload import JSON, write_json
from api.messages.refusals import describe_errors
from api.releases.catalogue import ServedRelease
from api.releases.operations import MAX_FIRST_ROW
from api.routes.state import CatalogueState
from ld_data.errors import UnknownNameError
from ld_data.typing import Array

RowPath = Annotated[int, Path(ge=0, le=MAX_FIRST_ROW, description="The number of a test row, from 0.")]

router = APIRouter(prefix="/v1/datasets/{release}", tags=["datasets"])


class Map(BaseModel):
    """The places of the first n test rows on a map, within -1 and 1, and their classes."""

    places: list[tuple[float, float]]
    labels: list[int]


class Row(BaseModel):
    """A test row: an input is an image `(h, w)` or `(h, w, 3)` of pixels in [0, 1], or a signal `(t,)`."""

    row: int
    label: int
    x: list[float]
    y: list[float]
    input: list[float] | list[list[float]] | list[list[list[float]]] | None = Field(
        description="null if the release holds fewer inputs."
    )


@router.get(
    "/map",
    summary="Places of the first test rows on a map of x",
    response_class=JSONResponse,
    responses={200: {"model": Map}, **describe_errors(404, 503)},
)
def show_map(release: str, catalogue: CatalogueState) -> Response:
    """Answer with places near each other for rows with similar latents."""
    found = catalogue.find(release)
    if found.examples is None:
        raise UnknownNameError(f"{release} has no map. Builds make one: build or download it again.")
    places = found.examples.places
    return Response(write_json({"places": places, "labels": found.data.test.label[: len(places)]}), media_type=JSON)


@router.get(
    "/rows/{row}",
    summary="A test row: its class, its latents, and its input where the release has it",
    response_class=JSONResponse,
    responses={200: {"model": Row}, **describe_errors(404, 422, 503)},
)
def show_row(release: str, row: RowPath, catalogue: CatalogueState) -> Response:
    """Answer with one row of the test set."""
    found = catalogue.find(release)
    test = found.data.test
    if row >= len(test):
        raise UnknownNameError(f"{release} has no test row {row}. It has {len(test)}: 0 to {len(test) - 1}.")
    latents = {"x": test.x[row], "y": test.y[row]}
    values = {"row": row, "label": int(test.label[row]), **latents, "input": _find_input(found, row)}
    return Response(write_json(values), media_type=JSON)


def _find_input(release: ServedRelease, row: int) -> Array | None:
    """Return an input with the numbers that its decoder would return; None if the release holds fewer inputs."""
    if release.examples is None or row >= len(release.examples.inputs):
        return None
    found = release.examples.inputs[row]
    return found / np.float32(255) if found.dtype == np.uint8 else found
