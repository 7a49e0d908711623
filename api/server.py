"""The processes of the service: a single one, or workers that share one port under a supervisor."""

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
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from prometheus_client.multiprocess import mark_process_dead
from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from api.app import make_app
from api.errors import NotReadyError
from api.middleware.connections import Connection, raise_descriptor_limit
from api.middleware.metrics import FOLDER_VARIABLE
from api.middleware.request_log import set_up_logging
from api.releases.catalogue import Catalogue, LoadCodec
from api.settings import Access, Form, Level
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens
from ld_data.settings import SERVICE_VARIABLE, service_address
from ld_data.storage.temporary_folder import make_temporary_folder
from ld_data.work.memory import LARGE_BYTES, keep_memory

GRACE_SECONDS = 30  # time to finish the requests in progress after a signal to stop
START_SECONDS = 30  # time for a worker to start, or to answer the supervisor
ANSWER_SECONDS = 1
POLL_SECONDS = 0.05
GARBAGE_OBJECTS = 10_000  # that are made before a search for garbage among them
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read by the libraries of numpy


@dataclass(frozen=True)
class Service:
    """The options of the service; a supervisor sends them to its workers."""

    checkpoints: Path
    scores: str  # the file or database URL of the leaderboard
    load_codec: LoadCodec  # a function of a module, since it is sent to processes
    workers: int = 1
    log: Form = "text"
    log_level: Level = "warning"
    access: Access = field(default_factory=Access)
    folder: Path | None = None  # for temporary files; a process on its own makes it

    @contextmanager
    def open(self) -> Iterator[tuple[FastAPI, Catalogue]]:
        """Yield the application and its releases; the end of the block deletes their temporary files."""
        set_up_logging(self.log, self.log_level)
        with closing(Store(self.scores)) as store, Catalogue(self.folder) as catalogue:
            catalogue.add_all(self.checkpoints, self.load_codec)
            app = make_app(catalogue, store, tokens=Tokens.of(), workers=self.workers, access=self.access)
            yield app, catalogue


def serve(service: Service, listener: socket.socket) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM, then finish the requests in progress.

    The soft limit on open files is raised to the hard one.

    Raises:
        NotReadyError: a worker ended before it served.
    """
    set_up_logging(service.log, service.log_level)
    raise_descriptor_limit()
    with make_temporary_folder() as folder:
        service = replace(service, folder=folder)
        if service.workers > 1:
            _serve_by_workers(service, folder, listener)
            return
        with service.open() as (app, catalogue), suppress(KeyboardInterrupt):  # raised after the server has stopped
            _announce([release.manifest.name for release in catalogue.ready], listener)
            settle()
            Server(_make_config(app, service)).run(sockets=[listener])


def settle() -> None:
    """Exempt all present objects from garbage collection: they stay, and each search among them takes 80 ms.

    Search among new objects less often than Python does: requests leave no garbage, except for broken streams, and the
    searches took a tenth of the time of a small request.

    Let glibc give large blocks back to the system once they are free: by default it keeps those of up to 32 MB for
    each thread, such as the blocks of the generator.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    gc.enable()
    keep_memory(LARGE_BYTES)


class SharedPort(socket.socket):
    """A socket that a process receives as a new socket of the same address.

    Linux spreads connections over sockets of one address. One socket for all processes would give nearly all
    connections to the process that happens to be awake: in a trial, one of two workers received all 16.
    """

    def __init__(self, family: int, address: tuple[Any, ...]) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.bind(address)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the constructor and its arguments for another process."""
        return SharedPort, (self.family, self.getsockname())


class Supervisor(Multiprocess):
    """Starts workers, replaces those that die, and stops them."""

    has_failed = False

    def init_processes(self) -> None:
        """Start the workers, and announce the service once all of them serve; stop all if one cannot."""
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
        """Replace workers that have died; their gauges leave the metrics, their counts stay."""
        pids = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in pids - {process.pid for process in self.processes}:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]

    def join_all(self) -> None:
        """Wait for the workers to finish, and kill those that take much too long."""
        for process in self.processes:
            process.process.join(GRACE_SECONDS + START_SECONDS)
            process.process.kill()
            process.join()


def _serve_by_workers(service: Service, folder: Path, listener: socket.socket) -> None:
    """Serve by workers; the folder also holds the files that a killed worker leaves."""
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")  # else numpy uses a thread for each core in every worker
    os.environ[FOLDER_VARIABLE] = str(folder)
    factory = partial(_make_worker_app, service)
    supervisor = Supervisor(_make_config(factory, service), [_share(listener)])
    settle()
    supervisor.run()
    if supervisor.has_failed:
        raise NotReadyError("a worker ended before it served; its messages above say why.")


def _share(listener: socket.socket) -> socket.socket:
    """Return the socket for the workers; the listener has proved that no other program uses its port."""
    if sys.platform != "linux":
        return listener  # other systems do not spread connections over sockets of one address
    address = listener.getsockname()
    listener.close()
    return SharedPort(listener.family, address)


def _make_worker_app(service: Service) -> FastAPI:
    """Return the application of a worker; it closes its resources when the server stops."""
    raise_descriptor_limit()
    resources = ExitStack()
    app, _ = resources.enter_context(service.open())

    @asynccontextmanager
    async def close_afterwards(_: FastAPI) -> AsyncIterator[None]:
        with resources:
            updating = asyncio.create_task(app.state.metrics.keep_updating())
            yield
            updating.cancel()

    app.router.lifespan_context = close_afterwards
    threading.Thread(target=_stop_without_supervisor, daemon=True).start()
    settle()
    return app


def _stop_without_supervisor() -> None:
    """Stop this process as SIGTERM does once its supervisor has ended, even if it was killed."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _make_config(app: object, service: Service) -> Config:
    return Config(
        app,  # type: ignore[arg-type]
        factory=service.workers > 1,
        workers=service.workers,
        log_config=None,  # the log is already set up
        log_level=service.log_level,
        access_log=False,
        http=Connection,
        interface="asgi3",
        ws="none",
        proxy_headers=False,  # `api.middleware.addresses` reads them
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
    )


def _announce(names: list[str], listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://{host}:{port}"
    print(f"serving {', '.join(names) or 'no releases'} at {address}", flush=True)
    if address != service_address().rstrip("/"):
        print(f"other commands find it after `export {SERVICE_VARIABLE}={address}`", flush=True)


def _ask_names(listener: socket.socket) -> list[str]:
    """Return the names of the releases that the workers serve, from the answer of one worker."""
    host, port = listener.getsockname()[:2]
    with closing(http.client.HTTPConnection(host, port, timeout=START_SECONDS)) as connection:
        connection.request("GET", "/info")
        return json.load(connection.getresponse())["datasets"]
