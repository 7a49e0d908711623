"""What the service counts, in the text format of Prometheus.

A request costs a few additions to plain numbers; they go to prometheus-client when somebody asks, and once a second
where several workers share their figures. Its own counting took longer than all else here does.
"""

import asyncio
import os
from bisect import bisect_left
from collections import Counter as Numbers
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter

import prometheus_client
from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # where workers share their figures, as prometheus-client reads it
FLUSH_SECONDS = 1.0
OTHER = "other"  # the label of all routes that do not exist, and of all methods that no route has
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE"})
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = tuple(2.0**power for power in range(9))  # of gathered calls: up to 256 rows


class BulkHistogram(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, counts: Iterable[int], total: float) -> None:
        """Add numbers of observations, one for each bucket, and the sum of all observed."""
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(total)


@dataclass
class Tally:
    """The requests of one method, route and status since they were last reported.

    Attributes:
        buckets: how many took up to so many of `SECONDS`, and how many took longer.
        seconds: that all took.
        rows: of arrays that all held.
    """

    buckets: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    seconds: float = 0.0
    rows: int = 0


class Metrics:
    """The figures of one process; not for several threads, but for the event loop's."""

    def __init__(self) -> None:
        """Start at 0."""
        self._is_shared = FOLDER_VARIABLE in os.environ
        self._registry = CollectorRegistry()
        own = None if self._is_shared else self._registry
        if self._is_shared:
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        else:
            ProcessCollector(registry=own)
        request = ("method", "route")
        self._requests = Counter("ld_data_requests", "Requests answered.", (*request, "status"), registry=own)
        self._rows = Counter("ld_data_rows", "Rows of arrays in requests, answered or not.", request, registry=own)
        self._seconds = BulkHistogram(
            "ld_data_request_seconds", "From request to end of answer.", request, buckets=SECONDS, registry=own
        )
        self._refusals = Counter("ld_data_refusals", "Errors answered.", ("status", "reason"), registry=own)
        self._call_requests = BulkHistogram(
            "ld_data_model_call_requests", "Requests in one call of a model.", buckets=SIZES, registry=own
        )
        self._call_rows = BulkHistogram(
            "ld_data_model_call_rows", "Rows in one call of a model.", buckets=SIZES, registry=own
        )
        self._own = own
        self._gauges: list[tuple[Gauge, Callable[[], float]]] = []
        self._tallies: dict[tuple[str, str, int], Tally] = {}
        self._refused: Numbers[tuple[int, str]] = Numbers()
        self._calls: tuple[Numbers[int], Numbers[int]] = Numbers(), Numbers()

    def add_gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Report what `read` returns under a name; of several workers, the sum."""
        self._gauges.append((Gauge(name, meaning, registry=self._own, multiprocess_mode="livesum"), read))

    def count_request(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request that was answered with a status; what others left in its scope tells the rest."""
        key = name_method(scope), name_route(scope), status
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally()
        tally.buckets[bisect_left(SECONDS, seconds)] += 1
        tally.seconds += seconds
        tally.rows += scope.get("rows", 0)
        if "error_type" in scope:
            self._refused[status, scope["error_type"]] += 1

    def count_call(self, requests: int, rows: int) -> None:
        """Count one call of a model for so many requests, of so many rows."""
        self._calls[0][requests] += 1
        self._calls[1][rows] += 1

    def flush(self) -> None:
        """Give what was counted to prometheus-client."""
        for (method, route, status), tally in self._tallies.items():
            if number := sum(tally.buckets):
                self._requests.labels(method, route, str(status)).inc(number)
                self._rows.labels(method, route).inc(tally.rows)
                self._seconds.labels(method, route).add(tally.buckets, tally.seconds)
                self._tallies[method, route, status] = Tally()
        for (status, reason), number in self._refused.items():
            self._refusals.labels(str(status), reason).inc(number)
        self._refused.clear()
        for histogram, numbers in zip((self._call_requests, self._call_rows), self._calls, strict=True):
            counts = [0] * (len(SIZES) + 1)
            for size, number in numbers.items():
                counts[bisect_left(SIZES, size)] += number
            histogram.add(counts, sum(size * number for size, number in numbers.items()))
            numbers.clear()
        for gauge, read in self._gauges:
            gauge.set(read())

    async def keep_flushing(self) -> None:
        """Flush until cancelled, so that other workers can tell what this one counted."""
        while True:
            self.flush()
            await asyncio.sleep(FLUSH_SECONDS)

    def write(self) -> bytes:
        """Return the figures as text: of all workers, if there are several."""
        return prometheus_client.generate_latest(self._registry)


class MetricsMiddleware:
    """ASGI middleware that counts requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap an application."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it when it is answered; an error that escapes is answered with 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, start = 500, perf_counter()

        def send_on(message: Message) -> object:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, send_on)  # type: ignore[arg-type]
        finally:
            self._metrics.count_request(scope, status, perf_counter() - start)


def make_router(metrics: Metrics) -> APIRouter:
    """Return the route `/metrics`."""
    router = APIRouter(tags=["status"])

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def show_metrics() -> Response:
        metrics.flush()
        return Response(await run_in_threadpool(metrics.write), media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return router


def name_method(scope: Scope) -> str:
    """Return the method of a request, or `other`: there are few of these names, whatever is sent."""
    method: str = scope["method"]
    return method if method in METHODS else OTHER


def name_route(scope: Scope) -> str:
    """Return the template of the route that a request was for, or `other`; to be asked when it is answered."""
    return scope.get("template") or str(getattr(scope.get("route"), "path", OTHER))
