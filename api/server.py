"""The processes of the service: one that does all, or workers that share one port under a supervisor."""

import asyncio
import gc
import http.client
import json
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI
from prometheus_client.multiprocess import mark_process_dead
from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from api.app import make_app
from api.middleware.metrics import FOLDER_VARIABLE
from api.middleware.request_log import set_up_logging
from api.releases.catalogue import Catalogue, LoadCodec
from api.settings import Form, Level
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens
from ld_data.errors import NotReadyError
from ld_data.settings import SERVICE_VARIABLE, service_address

GRACE_SECONDS = 30  # for requests in progress to be finished once the service is told to stop
START_SECONDS = 30  # in which a worker that is started, or looked after, must give a sign of life
ANSWER_SECONDS = 1
POLL_SECONDS = 0.05
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # that numpy's libraries read


@dataclass(frozen=True)
class Service:
    """What a process must know to serve; a supervisor sends it to its workers.

    Attributes:
        checkpoints: the folder of releases.
        scores: the leaderboard's file or database URL.
        load_codec: what loads the models of a release, a function of a module.
        workers: how many processes serve.
        log, log_level: how, and from which level on, is logged to stderr.
        folder: where temporary files go; None for the system's.
    """

    checkpoints: Path
    scores: str
    load_codec: LoadCodec
    workers: int = 1
    log: Form = "text"
    log_level: Level = "warning"
    folder: Path | None = None

    @contextmanager
    def open(self) -> Iterator[tuple[FastAPI, Catalogue]]:
        """Yield the application and its releases; their temporary files are deleted when the block ends."""
        set_up_logging(self.log, self.log_level)
        with closing(Store(self.scores)) as store, Catalogue(self.folder) as catalogue:
            catalogue.add_all(self.checkpoints, self.load_codec)
            yield make_app(catalogue, store, tokens=Tokens.of(), workers=self.workers), catalogue


def serve(service: Service, listener: socket.socket) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM; what is in progress then is finished.

    Raises `NotReadyError` if workers end before they serve.
    """
    if service.workers > 1:
        _serve_by_workers(service, listener)
        return
    with service.open() as (app, catalogue), suppress(KeyboardInterrupt):  # the server raises it, too, once it stopped
        _announce([release.manifest.name for release in catalogue.ready], listener)
        settle()
        Server(_make_config(app, service)).run(sockets=[listener])


def settle() -> None:
    """Spare the garbage collector what is here by now, as it stays: to look through it takes 80 ms, again and again."""
    gc.freeze()


class SharedPort(socket.socket):
    """A socket that becomes another one of the same address in each process that it is sent to.

    Linux spreads connections over the processes that listen so. One socket for all would give nearly all to whichever
    process is awake: all of 16 connections to one of two workers is what was seen.
    """

    def __init__(self, family: int, address: tuple[Any, ...]) -> None:
        """Bind a socket that does not listen yet."""
        super().__init__(family, socket.SOCK_STREAM)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.bind(address)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make one in another process."""
        return SharedPort, (self.family, self.getsockname())


class Supervisor(Multiprocess):
    """Workers, started, replaced when they die, and stopped."""

    def __init__(self, config: Config, port: socket.socket) -> None:
        """Take what the workers run, and the port that they share."""
        super().__init__(config, [port])
        self.has_failed = False

    def init_processes(self) -> None:
        """Start the workers, and tell when all serve; if one cannot, none shall."""
        super().init_processes()
        while not self.should_exit.is_set() and not all(process.is_ready(ANSWER_SECONDS) for process in self.processes):
            self.handle_signals()
            if not all(process.process.is_alive() for process in self.processes):
                self.has_failed = True
                self.should_exit.set()
            time.sleep(POLL_SECONDS)
        if not self.should_exit.is_set():
            _announce(_ask_names(self.sockets[0]), self.sockets[0])

    def keep_subprocess_alive(self) -> None:
        """Replace what has died, and keep its last state out of the metrics; what it counted stays in."""
        pids = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in pids - {process.pid for process in self.processes}:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]

    def join_all(self) -> None:
        """Wait for the workers to finish; what takes much longer than it may is ended."""
        for process in self.processes:
            process.process.join(GRACE_SECONDS + START_SECONDS)
            process.process.kill()
            process.join()


def _serve_by_workers(service: Service, listener: socket.socket) -> None:
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")  # numpy in each of the workers would take a thread for each core
    with TemporaryDirectory(prefix="ld-data-") as folder:  # a worker that is killed leaves its files, but only in here
        os.environ[FOLDER_VARIABLE] = folder
        set_up_logging(service.log, service.log_level)
        factory = partial(_make_worker_app, replace(service, folder=Path(folder)))
        supervisor = Supervisor(_make_config(factory, service), _share(listener))
        supervisor.run()
    if supervisor.has_failed:
        raise NotReadyError("a worker ended before it served; what it printed above tells why.")


def _share(listener: socket.socket) -> socket.socket:
    """Return what workers listen by: the port of a socket that proved that nobody else does."""
    if sys.platform != "linux":
        return listener  # elsewhere ports that are shared so are not spread
    address = listener.getsockname()
    listener.close()
    return SharedPort(listener.family, address)


def _make_worker_app(service: Service) -> FastAPI:
    """Return the application of a worker, which closes what it opened when the server stops."""
    resources = ExitStack()
    app, _ = resources.enter_context(service.open())

    @asynccontextmanager
    async def close_afterwards(_: FastAPI) -> AsyncIterator[None]:
        with resources:
            flushing = asyncio.create_task(app.state.metrics.keep_flushing())
            yield
            flushing.cancel()

    app.router.lifespan_context = close_afterwards
    threading.Thread(target=_stop_without_supervisor, daemon=True).start()
    settle()
    return app


def _stop_without_supervisor() -> None:
    """Stop this process as SIGTERM does, once its supervisor is gone, be it killed."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _make_config(app: object, service: Service) -> Config:
    return Config(
        app,  # type: ignore[arg-type]
        factory=service.workers > 1,
        workers=service.workers,
        log_config=None,  # but as all else is logged
        log_level=service.log_level,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
    )


def _announce(names: list[str], listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://{host}:{port}"
    print(f"serving {', '.join(names) or 'no releases'} at {address}", flush=True)
    if address != service_address().rstrip("/"):
        print(f"other commands ask it by themselves after `export {SERVICE_VARIABLE}={address}`", flush=True)


def _ask_names(listener: socket.socket) -> list[str]:
    """Return the names of the releases that the workers serve, as one of them tells."""
    host, port = listener.getsockname()[:2]
    with closing(http.client.HTTPConnection(host, port, timeout=START_SECONDS)) as connection:
        connection.request("GET", "/info")
        return json.load(connection.getresponse())["datasets"]
