"""The query parameters of the leaderboard's routes, and the formats of its lists."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from api.messages.payload import JSON, choose_media_type
from eval.leaderboard.submission import (
    MAX_DESCRIPTION,
    MAX_LEARNING_RULE,
    MAX_NAME,
    MAX_PARAMETERS,
    MAX_URL,
    Submission,
)

Format = Literal["json", "csv", "markdown"]
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "markdown": "text/markdown"}

NameQuery = Annotated[str, Query(min_length=1, max_length=MAX_NAME, description="Name of the model.")]
UrlQuery = Annotated[str, Query(max_length=MAX_URL, description="Link to the model.")]
DescriptionQuery = Annotated[str, Query(max_length=MAX_DESCRIPTION, description="Short description of the model.")]
ParametersQuery = Annotated[int | None, Query(ge=0, le=MAX_PARAMETERS, description="Number of learned parameters.")]
SecondsQuery = Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="Training time in seconds.")]
LearningRuleQuery = Annotated[str, Query(max_length=MAX_LEARNING_RULE, description="How the model was trained.")]
LimitQuery = Annotated[int, Query(ge=1, le=1000, description="Maximum number of entries, and of suspects.")]
FormatQuery = Annotated[Format | None, Query(alias="format", description="By default the header Accept decides.")]
SeasonQuery = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="Number of the season; by default the open one.")
]


async def read_submission(
    name: NameQuery,
    url: UrlQuery = "",
    description: DescriptionQuery = "",
    parameters: ParametersQuery = None,
    seconds: SecondsQuery = None,
    learning_rule: LearningRuleQuery = "",
) -> Submission:
    """Return the submission in the query of a request.

    Raises:
        InputError: as `Submission`.
    """
    return Submission(name, url, description, parameters, seconds, learning_rule)


SubmissionQuery = Annotated[Submission, Depends(read_submission)]


def choose_format(request: Request, form: Format | None) -> Format:
    """Return the given format, or else the one that the header Accept prefers, or else JSON."""
    if form is not None:
        return form
    chosen = choose_media_type(request.headers.get("accept", ""), (JSON, *MEDIA_TYPES.values()))
    return next((name for name, media_type in MEDIA_TYPES.items() if media_type == chosen), "json")


def write_text(text: str, form: Format) -> Response:
    """Return the answer with a leaderboard as CSV or Markdown."""
    headers = {"Vary": "Accept", "X-Content-Type-Options": "nosniff"}
    return PlainTextResponse(text, headers=headers, media_type=MEDIA_TYPES[form])


def describe_list(model: type) -> dict[str, Any]:
    """Return the OpenAPI description of a leaderboard: JSON of that model, or a text."""
    return {"model": model, "content": {name: {"schema": {"type": "string"}} for name in MEDIA_TYPES.values()}}
