"""The query parameters and the header of the leaderboard's routes."""

from typing import Annotated

from fastapi import Depends, Header, Query

from eval.leaderboard.submission import MAX_CHARACTERS as MAX
from eval.leaderboard.submission import MAX_PARAMETERS, OWNER_HEADER, Submission

OwnerHeader = Annotated[
    str, Header(alias=OWNER_HEADER, max_length=200, description="The secret that proves whose name it is.")
]
LimitQuery = Annotated[int, Query(ge=1, le=1000, description="Maximum number of entries, and of suspects.")]
SeasonQuery = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="Number of the season; by default the open one.")
]


async def read_submission(
    name: Annotated[str, Query(min_length=1, max_length=MAX["name"], description="Name of the model.")],
    url: Annotated[str, Query(max_length=MAX["url"], description="Link to the model.")] = "",
    description: Annotated[
        str, Query(max_length=MAX["description"], description="Short description of the model.")
    ] = "",
    parameters: Annotated[
        int | None, Query(ge=0, le=MAX_PARAMETERS, description="Number of learned parameters.")
    ] = None,
    seconds: Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="Training time in seconds.")] = None,
    learning_rule: Annotated[
        str, Query(max_length=MAX["learning_rule"], description="How the model was trained.")
    ] = "",
) -> Submission:
    """Return the submission in the query of a request."""
    return Submission(name, url, description, parameters, seconds, learning_rule)


SubmissionQuery = Annotated[Submission, Depends(read_submission)]
