"""Dask as the executor of calls: a cluster that runs, or one of processes on this machine."""

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ld_data.errors import InputError, StorageError
from ld_data.extras import import_library
from ld_data.fingerprint import LIBRARIES
from ld_data.work.memory import LARGE_BYTES, TRIM_BYTES

LOCAL = re.compile(r"local:([1-9]\d{0,3})")
QUIET = {"dashboard_address": ":0", "silence_logs": logging.ERROR}
ANSWER_SECONDS = 10.0  # of a scheduler
RESUME = "Kept results stay: start it and its workers if they have ended, and run the command again."
COMPARED = ("python", "dask", "distributed", *LIBRARIES)
THREADS = {"OMP_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1, "TF_NUM_INTRAOP_THREADS": 1}  # of each worker
SETTINGS = {
    "distributed.comm.timeouts.connect": "120s",  # between workers: a busy machine answers late
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",  # by default Dask watches itself with a tenth of a core
    **{f"distributed.admin.{name}.interval": "1s" for name in ("system-monitor", "tick")},
    "distributed.nanny.pre-spawn-environ": {
        "MALLOC_TRIM_THRESHOLD_": TRIM_BYTES,
        "MALLOC_MMAP_THRESHOLD_": LARGE_BYTES,
        **THREADS,
    },
}


@contextmanager
def open_cluster(place: str) -> Iterator[tuple[Executor, int, Callable[[], None]]]:
    """Yield an executor, its number of workers, and a function that raises `StorageError` if its scheduler was lost.

    `place` is the address of a Dask scheduler (`tcp://host:8786`), the path of a scheduler file, or `local:2` for two
    processes on this machine.

    Raises:
        InputError: there is no scheduler, it has no worker, or its versions of libraries differ from these.
        MissingLibraryError: Dask is not installed.
    """
    dask, distributed = import_library("dask"), import_library("distributed")
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # `check` has words for a loss
    with dask.config.set(SETTINGS), _connect(distributed, place) as client:
        _compare_versions(client.get_versions(packages=[*LIBRARIES]))
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise InputError(f"the scheduler at {place} has no worker. Start some with `dask worker ADDRESS`.")

        connection = client.scheduler_comm

        def check() -> None:
            # The client may find a new scheduler, but calls whose results were on their way never end.
            if client.status != "running" or client.scheduler_comm is not connection:
                raise StorageError(f"the connection to the scheduler at {place} is lost. {RESUME}")

        yield client.get_executor(pure=False), workers, check


def _compare_versions(versions: Any) -> None:
    """Raise `InputError` if a worker has other versions than this process."""
    own = versions["client"]["packages"]
    for address, facts in versions["workers"].items():
        for name in COMPARED:
            if (there := facts["packages"].get(name)) != own.get(name):
                raise InputError(
                    f"the worker at {address} has {name} {there}, and this machine {own.get(name)}. Install the same "
                    "on both."
                )


@contextmanager
def _connect(distributed: Any, place: str) -> Iterator[Any]:
    if local := LOCAL.fullmatch(place):
        with (
            distributed.LocalCluster(n_workers=int(local[1]), threads_per_worker=1, **QUIET) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    chosen = {"scheduler_file": place} if Path(place).is_file() else {"address": place}
    try:
        client = distributed.Client(**chosen, timeout=ANSWER_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"no Dask scheduler answers at {place} ({error}). Name its address, such as tcp://host:8786, its scheduler "
            "file, or local:2 for two processes here."
        ) from error
    with client:
        yield client
