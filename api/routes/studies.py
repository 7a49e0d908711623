"""Routes: the studies, and the verdicts on their claims by the kept trials."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.errors import NotReadyError
from api.leaderboard.references import identify
from api.messages.files import send_content
from api.messages.payload import JSON, write_json
from api.messages.refusals import describe_errors
from api.routes.state import CatalogueState
from eval.names import STUDIES
from eval.studies.design.study import find_study
from eval.studies.design.trials import load_trials, trials_path
from eval.studies.design.verdicts import NOT_MEASURED
from ld_data.errors import IntegrityError

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/studies", tags=["studies"])


class JudgedClaim(BaseModel):
    """A claim, the verdict on it, the measurement behind the verdict, and the published one with its source."""

    name: str
    verdict: Literal["holds", "fails", "undecided", "not measured"]
    measured: str
    published: str = Field(description="Empty if no figure was published.")
    source: str


class JudgedStudy(BaseModel):
    """A study: its name, the question that it answers, and its claims."""

    name: str
    question: str
    claims: list[JudgedClaim]


class StudyList(BaseModel):
    """All studies."""

    studies: list[JudgedStudy]


@router.get(
    "",
    summary="List the studies, with verdicts on their claims",
    response_class=JSONResponse,
    responses={
        200: {"model": StudyList},
        304: {"description": "The list is the one that If-None-Match names."},
        **describe_errors(412, 503),
    },
)
def list_studies(request: Request, catalogue: CatalogueState) -> Response:
    """Judge the claims of each study by its trials that are kept beside the releases, with a strong ETag.

    Raises:
        NotReadyError: the kept trials cannot be read.
    """
    folder = next((found.checkpoints for found in catalogue.ready), None)
    states = tuple(identify(trials_path(name, folder)) for name in STUDIES)
    try:
        body = _judge_all(folder, states)
    except (IntegrityError, OSError) as error:  # the message names a path of the service
        logger.error("the studies are not served: %s", error)
        raise NotReadyError("the studies cannot be read; the operator finds the cause in the log.") from error
    return send_content(request, body, JSON, "the list of studies")


@lru_cache(maxsize=4)
def _judge_all(folder: Path | None, _states: object) -> bytes:
    """Return the list as JSON, made once for each state of the files."""
    return write_json({"studies": [_judge(name, trials_path(name, folder)) for name in STUDIES]})


def _judge(name: str, path: Path) -> dict[str, Any]:
    study = find_study(name)
    claims = study.judge(study.take_results(load_trials(path, name) if path.is_file() else []))
    for claim in claims:
        if claim["measured"].startswith(NOT_MEASURED):
            claim["verdict"] = NOT_MEASURED
    return {"name": name, "question": study.question, "claims": claims}
