"""The application: the routes and the middleware around them."""

from dataclasses import asdict
from functools import partial

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

import ld_data
from api.leaderboard.service import LeaderboardService
from api.messages.payload import refuse_unknown_parameters
from api.messages.refusals import HANDLERS, describe_errors
from api.middleware import metrics
from api.middleware.addresses import Addresses
from api.middleware.answers import Answers
from api.middleware.bodies import Bodies
from api.middleware.fast_path import FastPath
from api.middleware.head import Head
from api.middleware.origins import Origins
from api.middleware.request_log import RequestLog
from api.releases.catalogue import Catalogue
from api.routes import (
    baselines,
    challenge,
    codecs,
    datasets,
    examples,
    generator,
    inference,
    page,
    scores,
    status,
    studies,
)
from api.settings import Access, Limits
from api.work.codec_service import CodecService
from api.work.worker import StoreWorker, Worker
from eval.leaderboard.challenge import ROWS
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens

DESCRIPTION = """Low-dimensional latent datasets: download them, encode and decode, score models.

Arrays are sent as JSON or, with `Content-Type` and `Accept: application/x-npy`, as `.npy`; decoded inputs also
as pictures, at most {max_pictures} on a sheet, with `Accept: image/png`.
Every error is `{{"error": sentence, "error_type": slug}}`.
Bodies may be compressed, with `Content-Encoding: gzip` or `deflate`. Every route that answers GET answers HEAD.

One request holds at most {max_rows} rows and {max_body_bytes} bytes, after inflation, which arrive within
{max_body_seconds:g} s. A generator holds at most {max_values} numbers for one request, and streams at most
{max_streamed_values}. The answer is 429 beyond {max_waiting_rows} rows that wait for the models or,
if those take more than {max_waiting_seconds:g} s, beyond fewer, {max_streams} streams,
{max_client_streams} of them to one client, {max_waiting_submissions} submissions and {max_requests} other requests in
progress, {max_held_bytes} bytes of all bodies, and {max_submissions} submissions a minute from one client.
Each worker process counts on its own."""

ROUTES = (
    page,
    status,
    metrics,
    datasets,
    examples,
    codecs,
    inference,
    generator,
    scores,
    baselines,
    challenge,
    studies,
)


class App(FastAPI):
    """The routes, and middleware in front of them, which the framework would put behind its own layers."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.front(scope, receive, send)


def make_app(
    catalogue: Catalogue,
    store: Store,
    limits: Limits | None = None,
    tokens: Tokens | None = None,
    challenge_rows: int = ROWS,
    workers: int = 1,
    access: Access | None = None,
) -> FastAPI:
    """Return the service of a catalogue and of the store of its leaderboards; without tokens, every client may submit.

    New seasons of a challenge have `challenge_rows` rows. The service is one of `workers` processes.
    """
    limits, access = limits or Limits(), access or Access()
    app = App(
        title="LD-Data",
        version=ld_data.__version__,
        description=DESCRIPTION.format(**asdict(limits)),
        dependencies=[Depends(refuse_unknown_parameters)],
        responses=describe_errors(422),  # of any route, for an unknown query parameter
        exception_handlers=HANDLERS,
        docs_url=None,  # they would load scripts from other hosts; `api.routes.page` has a page of our own
        redoc_url=None,
    )
    state = app.state
    state.catalogue, state.store, state.processes = catalogue, store, workers
    state.worker = Worker(limits, workers)
    state.metrics = metrics.Metrics(state.worker.admission)
    state.leaderboard = LeaderboardService(
        catalogue, store, StoreWorker(state.worker), tokens or Tokens(), challenge_rows
    )
    state.codec_service = CodecService(catalogue, state.worker, state.metrics.count_call)
    others = Answers(Head(partial(FastAPI.__call__, app)), state.worker.admission)
    inner: ASGIApp = Bodies(FastPath(others, state.codec_service), limits.max_body_bytes)
    if access.origins:
        inner = Origins(inner, access.origins)
    app.front = RequestLog(Addresses(inner, access), state.metrics)
    for module in ROUTES:
        app.include_router(module.router)
    return app
