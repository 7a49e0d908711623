"""The application: the routes, put together."""

from dataclasses import asdict
from functools import partial

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

import ld_data
from api.errors import add_error_handlers, describe_errors
from api.leaderboard.service import LeaderboardService
from api.messages.payload import refuse_unknown_parameters
from api.middleware.body_limit import BodyLimit
from api.middleware.fast_path import FastPath
from api.middleware.inflation import Inflation
from api.middleware.metrics import Metrics, MetricsMiddleware
from api.middleware.metrics import make_router as make_metrics_router
from api.middleware.request_log import RequestLog
from api.releases.catalogue import Catalogue
from api.routes import challenge, codecs, datasets, examples, generator, page, scores, status
from api.routes import inference as inference_protocol
from api.settings import Limits
from api.work.codec_service import CodecService
from api.work.worker import Worker
from eval.leaderboard.challenge import ROWS
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens

DESCRIPTION = """Low-dimensional latent datasets: download them, encode and decode, score models.

Arrays travel as JSON or, with `Content-Type` and `Accept: application/x-npy`, as `.npy`; decoded inputs also
as pictures, at most {max_pictures} on a sheet, with `Accept: image/png`.
Every error is `{{"error": sentence, "error_type": slug}}`.
Bodies may be compressed, with `Content-Encoding: gzip` or `deflate`.

One request holds at most {max_rows} rows and {max_body_bytes} bytes, inflated ones, which arrive within
{max_body_seconds:g} s; a generator holds at most {max_values} numbers for it, and streams at most
{max_streamed_values}. The answer is 429 beyond {max_waiting_rows} rows that wait for the models, {max_requests} other
requests in progress, {max_held_bytes} bytes of all bodies, and {max_submissions} submissions a minute from one
client. Each worker process counts for itself."""


class App(FastAPI):
    """The routes, and before them middleware of ours, which the framework would put behind layers of its own."""

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
) -> FastAPI:
    """Return the service of a catalogue and the store of its leaderboards; without tokens everybody may submit.

    A season of a challenge that it opens has `challenge_rows` rows. It is one of `workers` processes.
    """
    limits = limits or Limits()
    worker = Worker(limits, workers)
    app = App(
        title="LD-Data",
        version=ld_data.__version__,
        description=DESCRIPTION.format(**asdict(limits)),
        dependencies=[Depends(refuse_unknown_parameters)],
        responses=describe_errors(422),  # any route answers it for a query parameter that it does not know
    )
    app.state.worker = worker
    metrics = app.state.metrics = Metrics()
    service = CodecService(catalogue, worker, metrics.count_call)
    metrics.add_gauge("ld_data_requests_in_progress", "Requests that are worked on.", lambda: len(worker))
    metrics.add_gauge("ld_data_waiting_rows", "Rows that wait for a model.", lambda: worker.admission.waiting_rows)
    metrics.add_gauge("ld_data_held_bytes", "Bytes of the bodies that are held.", lambda: worker.admission.held_bytes)
    routes = partial(FastAPI.__call__, app)
    limited = BodyLimit(FastPath(routes, service), limits.max_body_bytes)
    app.front = RequestLog(MetricsMiddleware(Inflation(limited), metrics))
    add_error_handlers(app)
    app.include_router(page.make_router())
    app.include_router(status.make_router(catalogue, store, limits, workers))
    app.include_router(make_metrics_router(metrics))
    app.include_router(datasets.make_router(catalogue))
    app.include_router(examples.make_router(catalogue))
    app.include_router(codecs.make_router(service))
    app.include_router(inference_protocol.make_router(service))
    app.include_router(generator.make_router(worker))
    app.state.leaderboard = LeaderboardService.make(catalogue, store, worker, tokens or Tokens(), challenge_rows)
    app.include_router(scores.router)
    app.include_router(challenge.router)
    return app
