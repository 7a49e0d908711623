"""Routes: whether the service is well, and what it is."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

import ld_data
from api.errors import describe_errors
from api.releases.catalogue import Catalogue
from api.settings import Limits
from eval.leaderboard.store import Store
from ld_data.errors import NotReadyError


def make_router(catalogue: Catalogue, store: Store, limits: Limits, workers: int) -> APIRouter:
    """Return `/health` with its parts, and `/info`."""
    router = APIRouter(tags=["status"])

    @router.get("/health", summary="Whether the service is well", responses=describe_errors(503))
    def show_health() -> dict[str, Any]:
        """Answer ok if every release is ready, degraded with reasons if some are not, and 503 if none is."""
        ready, not_ready = _examine(catalogue)
        if not ready:
            raise _refuse("no release is ready", not_ready)
        return {"status": "degraded" if not_ready else "ok", "ready": ready, "not_ready": not_ready}

    @router.get("/health/live", summary="Whether the process is up")
    async def show_life() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/health/ready", summary="Whether every release is verified", responses=describe_errors(503))
    def show_readiness() -> dict[str, Any]:
        ready, not_ready = _examine(catalogue)
        if not_ready or not ready:
            raise _refuse("not every release is ready", not_ready)
        return {"status": "ok", "ready": ready}

    @router.get("/info", summary="What the service is and allows")
    async def show_info() -> dict[str, Any]:
        return {
            "name": "LD-Data",
            "version": ld_data.__version__,
            "limits": asdict(limits),  # of each worker
            "workers": workers,
            "datasets": [release.manifest.name for release in catalogue.ready],
            "challenges": [release.manifest.name for release in catalogue.ready if release.has_challenge],
            "sources": ["mnist1d"],
            "private_seed_sha256": store.private_seed_sha256,
        }

    return router


def _examine(catalogue: Catalogue) -> tuple[list[str], dict[str, str]]:
    """Return the names of the releases that are ready, and why the others are not."""
    not_ready = catalogue.explain_not_ready()
    names = (release.manifest.name for release in catalogue.ready)
    return [name for name in names if name not in not_ready], not_ready


def _refuse(what: str, not_ready: dict[str, str]) -> NotReadyError:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in not_ready.items())
    return NotReadyError(f"{what}: {reasons or 'there are none: build one with `python -m ld_data build SOURCE`'}.")
