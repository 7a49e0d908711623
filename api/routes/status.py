"""Routes: the health of the service, and its name, version and limits."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

import ld_data
from api.errors import NotReadyError
from api.leaderboard.service import LeaderboardService
from api.messages.refusals import describe_errors
from api.routes.state import CatalogueState, LeaderboardState, ProcessesState, StoreState, WorkerState

OK = "ok"

router = APIRouter(tags=["status"])


class Health(BaseModel):
    """The releases that are ready, the reasons why others are not, and the state of the leaderboard."""

    status: str
    ready: list[str]
    not_ready: dict[str, str]
    leaderboard: str


class Readiness(BaseModel):
    """The releases, all of them ready, as is the leaderboard."""

    status: str = "ok"
    ready: list[str]


class Info(BaseModel):
    """The name and version of the service, the limits of each worker, and the releases."""

    name: str = "LD-Data"
    version: str = ld_data.__version__
    limits: dict[str, Any]
    workers: int
    datasets: list[str]
    challenges: list[str]
    sources: list[str] = ["mnist1d"]
    private_seed_sha256: str


@router.get("/health", summary="Whether the service works", responses=describe_errors(503))
def show_health(leaderboard: LeaderboardState) -> Health:
    """Answer ok if every release and the leaderboard are ready, degraded with reasons, or 503 if no release is."""
    health = _examine(leaderboard)
    if not health.ready:
        raise _refuse("no release is ready", health)
    return health


@router.get("/health/live", summary="Whether the process is up")
async def show_life() -> dict[str, str]:
    """Answer ok."""
    return {"status": "ok"}


@router.get(
    "/health/ready", summary="Whether every release and the leaderboard are ready", responses=describe_errors(503)
)
def show_readiness(leaderboard: LeaderboardState) -> Readiness:
    """Answer ok if every release is ready and the leaderboard's database answers, and 503 with reasons if not."""
    health = _examine(leaderboard)
    if health.not_ready or not health.ready:
        raise _refuse("not every release is ready", health)
    if health.leaderboard != OK:
        raise NotReadyError(f"the leaderboard {health.leaderboard}.")
    return Readiness(ready=health.ready)


@router.get("/info", summary="The name, version and limits of the service")
async def show_info(
    catalogue: CatalogueState, store: StoreState, worker: WorkerState, processes: ProcessesState
) -> Info:
    """Answer with the version, the limits and the releases."""
    return Info(
        limits=asdict(worker.limits),
        workers=processes,
        datasets=[release.manifest.name for release in catalogue.ready],
        challenges=[release.manifest.name for release in catalogue.ready if release.has_challenge],
        private_seed_sha256=store.private_seed_sha256,
    )


def _examine(leaderboard: LeaderboardService) -> Health:
    catalogue, failure = leaderboard.catalogue, leaderboard.pulse.explain()
    not_ready = catalogue.explain_not_ready()
    names = (release.manifest.name for release in catalogue.ready)
    ready = [name for name in names if name not in not_ready]
    status = "degraded" if not_ready or failure else OK
    return Health(status=status, ready=ready, not_ready=not_ready, leaderboard=failure or OK)


def _refuse(problem: str, health: Health) -> NotReadyError:
    reasons = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in health.not_ready.items())
    return NotReadyError(f"{problem}: {reasons or 'there are none: build one with `python -m ld_data build SOURCE`'}.")
