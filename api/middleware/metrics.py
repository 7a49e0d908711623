"""The metrics of the service, in the text format of Prometheus."""

import asyncio
import os
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache, partial

import prometheus_client
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from api.messages.request_record import find_record
from api.work.admission import Admission

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client keeps the metrics of all workers in this folder
UPDATE_SECONDS = 1.0
OTHER = "other"  # label of all routes that do not exist, and of all methods that no route has: clients add no labels
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE"})
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = tuple(2.0**power for power in range(9))  # up to 256 rows, the most of one batch

router = APIRouter(tags=["status"])


class Latencies(Histogram):
    """A histogram that takes many values at once."""

    def add(self, counts: list[int], total: float) -> None:
        """Add the numbers of values in each bucket, and their sum."""
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            bucket.inc(count)


@dataclass
class Series:
    """The counts of requests with the same labels: plain numbers, which take a fifth of the time of the library."""

    requests_metric: Counter
    rows_metric: Counter
    seconds_metric: Latencies
    rows: int = 0
    seconds: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))  # of requests, by latency

    def publish(self) -> None:
        """Add the numbers to the metrics, and begin again."""
        self.requests_metric.inc(sum(self.counts))
        self.rows_metric.inc(self.rows)
        self.seconds_metric.add(self.counts, self.seconds)
        self.rows, self.seconds, self.counts = 0, 0.0, [0] * len(self.counts)


class Metrics:
    """The metrics of one process, counted on its event loop."""

    def __init__(self, admission: Admission) -> None:
        is_shared = FOLDER_VARIABLE in os.environ
        self._registry = CollectorRegistry()
        own = None if is_shared else self._registry
        if is_shared:
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        else:
            ProcessCollector(registry=own)
        counter, histogram, labels = (
            partial(Counter, registry=own),
            partial(Histogram, registry=own),
            ("method", "route"),
        )
        self._requests = counter("ld_data_requests", "Requests answered.", (*labels, "status"))
        self._rows = counter("ld_data_rows", "Rows of arrays in requests, answered or not.", labels)
        self._seconds = Latencies(
            "ld_data_request_seconds", "From request to end of answer.", labels, registry=own, buckets=SECONDS
        )
        self._refusals = counter("ld_data_refusals", "Errors answered.", ("status", "reason"))
        self._call_requests = histogram(
            "ld_data_model_call_requests", "Requests in one call of a model.", buckets=SIZES
        )
        self._call_rows = histogram("ld_data_model_call_rows", "Rows in one call of a model.", buckets=SIZES)
        self._gauges = [
            (Gauge(f"ld_data_{name}", meaning, registry=own, multiprocess_mode="livesum"), quota)
            for name, meaning, quota in (
                ("requests_in_progress", "Requests in progress.", admission.requests),
                ("waiting_rows", "Rows that wait for a model.", admission.rows),
                ("held_bytes", "Bytes of the bodies that are held.", admission.bytes),
            )
        ]
        self._series: list[Series] = []
        self._find_series, self._find_refusals = cache(self._make_series), cache(self._refusals.labels)

    def count_request(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answered request, with the rows and the error in its record."""
        record = find_record(scope)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        series = self._find_series(method, record.template or name_route(scope), status)
        series.rows += record.rows or 0
        series.seconds += seconds
        series.counts[bisect_left(SECONDS, seconds)] += 1
        if record.error_type:
            self._find_refusals(str(status), record.error_type).inc()

    def count_call(self, requests: int, rows: int) -> None:
        """Count one call of a model, with the numbers of its requests and rows."""
        self._call_requests.observe(requests)
        self._call_rows.observe(rows)

    def update(self) -> None:
        """Read the gauges, and add what has been counted since the last time."""
        for series in self._series:
            series.publish()
        for gauge, quota in self._gauges:
            gauge.set(quota.used)

    async def keep_updating(self) -> None:
        """Update once a second until cancelled, so that other workers can report the metrics of this one."""
        try:
            while True:
                self.update()
                await asyncio.sleep(UPDATE_SECONDS)
        finally:
            self.update()

    def write(self) -> bytes:
        """Return the metrics of all workers as text."""
        return prometheus_client.generate_latest(self._registry)

    def _make_series(self, method: str, route: str, status: int) -> "Series":
        series = Series(
            self._requests.labels(method, route, str(status)),
            self._rows.labels(method, route),
            self._seconds.labels(method, route),
        )
        self._series.append(series)
        return series


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def show_metrics(request: Request) -> Response:
    """Answer with the metrics of all workers as text."""
    metrics: Metrics = request.app.state.metrics
    metrics.update()
    return Response(await run_in_threadpool(metrics.write), media_type=prometheus_client.CONTENT_TYPE_LATEST)


def name_route(scope: Scope) -> str:
    """Return the template of an answered request's route, or `other` if there is no such route."""
    return find_record(scope).template or str(getattr(scope.get("route"), "path", OTHER))
