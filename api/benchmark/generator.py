"""The load generator: connections with one request on its way each, in one thread on uvloop.

Under overload the benchmark needs a fixed rate, and the latencies of accepted answers apart from those of refusals: wrk
has neither, and Debian 12 has no oha.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import uvloop
from httptools import HttpParserError, HttpResponseParser

from api.benchmark.processes import HOST, Request
from api.errors import StartError

PATIENCE = 120.0  # seconds for an answer
OK, REFUSED, WRONG, LOST = "200", "429", "wrong", "lost"


@dataclass(frozen=True)
class Group:
    """Connections that all send the same request."""

    request: Request
    connections: int = 1
    rate: float = 0.0  # requests a second while connections are idle; with 0 each answer is followed by a request
    expected: bytes = b""  # the body of each answer 200; empty for any


@dataclass(frozen=True)
class Sample:
    """One turn of a load, or the medians of several."""

    rate: float  # answers 200 a second
    p50: float = 0.0  # seconds to such an answer
    p99: float = 0.0
    refused: int = 0  # requests answered 429
    failures: int = 0  # requests that were lost with their connection, or had another answer
    requests: int = 0  # with any of these outcomes, those of the warm-up included
    work: float = 0.0  # CPU seconds of the server for one request


def run_load(port: int, groups: Sequence[Group], seconds: float, warm_up: float = 0.0) -> Sample:
    """Return the sample of the last group, with all groups at work for that many seconds after the warm-up.

    The load goes on until there is an outcome to count, other than refusals.

    Raises:
        StartError: if nothing is answered 200.
        OSError: if the server cannot be reached.
    """
    return uvloop.run(_run([_Load(port, group) for group in groups], seconds, warm_up))


async def _run(loads: Sequence["_Load"], seconds: float, warm_up: float) -> Sample:
    for load in loads:
        for _ in range(load.group.connections):
            await load.connect()
    tasks = [asyncio.create_task(load.keep_busy()) for load in loads]
    await asyncio.sleep(warm_up)
    start = time.perf_counter()
    await asyncio.sleep(seconds)
    while loads[-1].last_news < start and time.perf_counter() < start + PATIENCE:
        await asyncio.sleep(0.01)
    for load, task in zip(loads, tasks, strict=True):
        if task.done():
            task.result()  # raises: a connection was closed and could not be replaced
        task.cancel()
        load.end()
    return loads[-1].summarise(start)


class _Load:
    """A group at work."""

    def __init__(self, port: int, group: Group) -> None:
        self.port, self.group, self.raw = port, group, group.request.raw
        self.is_running = True
        self.open: set[_Connection] = set()
        self.idle: deque[_Connection] = deque()
        self.closed = 0  # connections to replace
        self.last_news = 0.0  # the time of an outcome other than a refusal
        self._records: list[tuple[float, float, str]] = []  # the time, the latency, the outcome

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: _Connection(self), HOST, self.port)

    async def keep_busy(self) -> None:
        """Send on idle connections, and replace closed ones; drop requests of a rate without an idle connection."""
        began, sent = time.perf_counter(), 0
        while True:
            while self.closed:
                self.closed -= 1
                await self.connect()
            wanted = int((time.perf_counter() - began) * self.group.rate)
            for _ in range(min(wanted - sent, len(self.idle)) if self.group.rate else len(self.idle)):
                self.idle.popleft().send()
            sent = wanted
            await asyncio.sleep(0.001)

    def count(self, began: float, outcome: str) -> None:
        now = time.perf_counter()
        self._records.append((now, now - began, outcome))
        if outcome != REFUSED:
            self.last_news = now

    def end(self) -> None:
        self.is_running = False
        for connection in [*self.open]:
            connection.transport.abort()

    def summarise(self, start: float) -> Sample:
        counted = [record for record in self._records if record[0] >= start]
        outcomes = Counter(outcome for _, _, outcome in counted)
        latencies = [latency for _, latency, outcome in counted if outcome == OK]
        if not latencies:
            raise StartError(f"nothing was answered 200, but {dict(outcomes) or 'nothing at all'}")
        p50, p99 = np.percentile(latencies, (50, 99), method="inverted_cdf").tolist()
        return Sample(
            rate=len(latencies) / (counted[-1][0] - start),
            p50=p50,
            p99=p99,
            refused=outcomes[REFUSED],
            failures=len(counted) - outcomes[OK] - outcomes[REFUSED],
            requests=len(self._records),
        )


class _Connection(asyncio.Protocol):
    """A connection with at most one request on its way; the parser calls it, too."""

    def __init__(self, load: _Load) -> None:
        self._load, self._parser = load, HttpResponseParser(self)
        self._body = bytearray()
        self._began = 0.0  # without a request on its way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._load.open.add(self)
        self._load.idle.append(self)

    def send(self) -> None:
        self._body.clear()
        self._began = time.perf_counter()
        self.transport.write(self._load.raw)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self.transport.abort()

    def on_body(self, part: bytes) -> None:
        if self._load.group.expected:
            self._body += part

    def on_message_complete(self) -> None:
        outcome = str(self._parser.get_status_code())
        if outcome == OK and self._body != self._load.group.expected:
            outcome = WRONG
        self._load.count(self._began, outcome)
        self._began = 0.0
        is_early = self.transport.get_write_buffer_size()  # the rest would be taken for another request
        if is_early or not self._parser.should_keep_alive():
            self.transport.abort()
        elif self._load.group.rate:
            self._load.idle.append(self)
        else:
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        load = self._load
        load.open.discard(self)
        if self in load.idle:
            load.idle.remove(self)
        if load.is_running:
            load.closed += 1
            if self._began:
                load.count(self._began, LOST)
