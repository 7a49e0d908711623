"""The parts of the application that routes use, as parameters of the routes."""

from typing import Annotated, Any

from fastapi import Depends, Request

from api.leaderboard.service import LeaderboardService
from api.releases.catalogue import Catalogue
from api.work.codec_service import CodecService
from api.work.worker import Worker
from eval.leaderboard.store import Store


def _read_state(name: str) -> Any:
    """Return a dependency on an attribute of the application's state; async, since FastAPI runs others in threads."""

    async def read(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(read)


CatalogueState = Annotated[Catalogue, _read_state("catalogue")]
CodecServiceState = Annotated[CodecService, _read_state("codec_service")]
LeaderboardState = Annotated[LeaderboardService, _read_state("leaderboard")]
StoreState = Annotated[Store, _read_state("store")]
WorkerState = Annotated[Worker, _read_state("worker")]
ProcessesState = Annotated[int, _read_state("processes")]
