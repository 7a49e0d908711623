"""Routes: encode and decode in the x and y spaces of a release."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.messages.payload import describe_array, describe_request, describe_response
from api.messages.refusals import describe_errors
from api.messages.replies import PNG, Number
from api.releases.operations import MAX_FIRST_ROW, Draw
from api.routes.state import CodecServiceState
from ld_data.noise import MAX_SEED
from ld_data.protocols import Mode

ERRORS = describe_errors(404, 406, 408, 413, 415, 422, 429, 503)
VECTORS = describe_request("vectors", describe_array(2))
LATENTS = {**describe_response("Latents (n, d).", vectors=describe_array(2)), **ERRORS}
NESTED = {
    "type": "array",
    "items": {},
    "description": "Images (n, h, w), or (n, h, w, 3) in colour, with pixels in [0, 1]; or signals (n, t).",
}

Release = Annotated[str, Path(description="The name of a release.")]
NumberQuery = Annotated[
    Number, Query(alias="dtype", description="Pixels of images in [0, 1], or rounded to 8 bits, 0 to 255.")
]


async def read_draw(
    mode: Annotated[Mode, Query(description="A draw from the posterior, or its mean.")] = "sample",
    seed: Annotated[
        int,
        Query(ge=0, le=MAX_SEED, description="The seed of the draw. The same rows and seed give the same latents."),
    ] = 0,
    first_row: Annotated[
        int, Query(ge=0, le=MAX_FIRST_ROW, description="The number of the first row: row i draws noise i.")
    ] = 0,
) -> Draw:
    """Return the noise in the query of a request."""
    return Draw(mode, seed, first_row)


DrawQuery = Annotated[Draw, Depends(read_draw)]

router = APIRouter(prefix="/v1/datasets/{release}", tags=["encode and decode"])


@router.post(
    "/x/encode",
    summary="Inputs to x latents",
    responses=LATENTS,
    openapi_extra=describe_request("inputs", NESTED),
)
async def encode_x(release: Release, request: Request, service: CodecServiceState, draw: DrawQuery) -> Response:
    """Answer with the latents of images or signals."""
    return await _answer(service, request, release, "x/encode", draw)


@router.post(
    "/x/decode",
    summary="x latents to inputs",
    responses={
        **describe_response(
            "Images (n, h, w) or (n, h, w, 3), or signals (n, t); as PNG a sheet of them.", PNG, inputs=NESTED
        ),
        **ERRORS,
    },
    openapi_extra=VECTORS,
)
async def decode_x(
    release: Release, request: Request, service: CodecServiceState, number: NumberQuery = "float32"
) -> Response:
    """Answer with the images or signals that latents decode to."""
    return await _answer(service, request, release, "x/decode", Draw(), number)


@router.post(
    "/y/encode",
    summary="Classes to y latents",
    responses=LATENTS,
    openapi_extra=describe_request("labels", describe_array(1, "integer")),
)
async def encode_y(release: Release, request: Request, service: CodecServiceState, draw: DrawQuery) -> Response:
    """Answer with latents of classes."""
    return await _answer(service, request, release, "y/encode", draw)


@router.post(
    "/y/decode",
    summary="y latents to classes",
    responses={
        **describe_response(
            "Classes (n,) and probabilities (n, k); as .npy the probabilities.",
            labels=describe_array(1, "integer"),
            probabilities=describe_array(2),
        ),
        **ERRORS,
    },
    openapi_extra=VECTORS,
)
async def decode_y(release: Release, request: Request, service: CodecServiceState) -> Response:
    """Answer with the class of each latent, and the probabilities of all classes."""
    return await _answer(service, request, release, "y/decode", Draw())


async def _answer(
    service: CodecServiceState, request: Request, release: str, end: str, draw: Draw, number: Number = "float32"
) -> Response:
    return await service.answer(request, service.catalogue.find(release).operations[end], draw, number)
