"""The costs of making, resuming and verifying shards, measured on this machine."""

import resource
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from ld_data.errors import IntegrityError
from ld_data.extras import check_libraries, import_library
from ld_data.release.manifest import FileRecord
from ld_data.shards.benchmark.traffic import count_received
from ld_data.shards.folders import open_folder
from ld_data.shards.inputs import plan_signals
from ld_data.shards.making import LoadCodec, list_missing, make_shard, make_shards
from ld_data.shards.plan import ShardPlan, read_plan, write_plan
from ld_data.shards.records import ShardRecord, name_record, name_shard
from ld_data.shards.root import seal
from ld_data.shards.verification import check_shards
from ld_data.work.workers import HERE, Workers, make_calls, open_workers

MEGABYTE = 2**20
AGAIN = 400  # shards that are asked for again
SHELL_SHARDS = 2


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        shards: that two workers of Dask make; the memory after all of them is compared with that after the first ones.
        alone, tasks: shards of the plain loop, of one worker of Dask, and of two processes; tasks that do nothing.
        records: of shards that are there when a run is resumed.
    """

    shards: int = 64
    alone: int = 8
    tasks: int = 1000
    records: int = 100_000


QUICK = Sizes(8, 4, 200, 2_000)


@dataclass(frozen=True)
class Costs:
    """The measured costs.

    Attributes:
        rows_per_shard, shards: that two workers made.
        equal: shards that the loop, one worker, two processes and two shells made like two workers.
        loop, one, two: microseconds of the processor for a row, the median over shards, in the loop, and in one and two
            workers.
        processes: the same in two processes without Dask.
        wall_one, wall_two: seconds of a shard by the clock, with one worker and with two.
        start: seconds until a cluster of two workers is there.
        task_ms: of a task that does nothing.
        scheduler_bytes: of a shard, that the scheduler receives, and about as many that it sends.
        driver_mb, worker_mb: that the memory grew by, of the worker that grew most.
        row_bytes: on disk, with its record.
        verify_mb_per_second: from the cache of the disk.
        records, resume_seconds: that a resumed run finds, and until it knows what is missing.
    """

    rows_per_shard: int
    shards: int
    equal: int
    loop: float
    one: float
    two: float
    processes: float
    wall_one: float
    wall_two: float
    start: float
    task_ms: float
    scheduler_bytes: float
    driver_mb: float
    worker_mb: float
    row_bytes: float
    verify_mb_per_second: float
    records: int
    resume_seconds: float

    @property
    def speedup(self) -> float:
        """How many times as fast two workers are as one."""
        return self.wall_one / self.wall_two

    @property
    def hours_per_billion(self) -> float:
        """Hours of a core for 10^9 rows, in a worker beside another one."""
        return self.two * 1e9 / 3.6e9

    @property
    def minutes_per_10_million(self) -> float:
        """Minutes of two workers for 10^7 rows."""
        return self.wall_two / self.rows_per_shard * 1e7 / 60


@dataclass(frozen=True)
class Run:
    """The making of shards by the workers of a local cluster, after some that do not count; as in `Costs`."""

    records: Sequence[ShardRecord]
    start: float
    wall: float
    bytes: float
    driver: float
    worker: float
    task_ms: float


def measure_costs(folder: Path, load_codec: LoadCodec, sizes: Sizes, say: Callable[[str], None]) -> Costs:
    """Return the costs for the signals of `ld-mnist1d-32`, made in an empty folder; `say` is told what comes next.

    Raises:
        MissingLibraryError: Dask or ONNX Runtime is not installed.
        IntegrityError: two ways made different shards.
        LdDataError: as `make_shards`.
    """
    check_libraries("distributed", "onnxruntime")
    plan = plan_signals("benchmark", "ld-mnist1d-32", 1, 7)
    plan = replace(plan, rows=plan.rows_per_shard * sizes.shards)

    def begin(name: str) -> Path:
        say(name)
        write_plan(folder / name, plan)
        return folder / name

    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        loop = process.submit(_make_in_loop, begin("loop"), sizes.alone, load_codec).result()
    one = _run_cluster(begin("one worker"), 1, sizes.alone, load_codec, 0)
    two = _run_cluster(begin("two workers"), 2, sizes.shards, load_codec, sizes.tasks)
    with open_workers(2) as workers:
        pool = _make(begin("two processes"), range(sizes.alone), load_codec, workers)[2:]  # as in `_make_in_loop`
    _compare(folder / "two workers", [*loop, *one.records, *pool, *_run_shells(begin("two shells"))])
    say("verification")
    speed = _verify(folder / "two workers", plan)
    say("resuming")
    return Costs(
        rows_per_shard=plan.rows_per_shard,
        shards=plan.shards,
        equal=len(loop) + len(one.records) + len(pool) + SHELL_SHARDS,
        loop=_find_cost(loop),
        one=_find_cost(one.records),
        two=_find_cost(two.records),
        processes=_find_cost(pool),
        wall_one=one.wall,
        wall_two=two.wall,
        start=two.start,
        task_ms=two.task_ms,
        scheduler_bytes=two.bytes,
        driver_mb=two.driver,
        worker_mb=two.worker,
        row_bytes=_measure_size(folder / "two workers") / plan.rows,
        verify_mb_per_second=speed,
        records=sizes.records,
        resume_seconds=_resume(folder / "resumed", plan, two.records[0], sizes.records),
    )


def _make_in_loop(folder: Path, count: int, load_codec: LoadCodec) -> list[ShardRecord]:
    with threadpool_limits(1):
        return _make(folder, range(count), load_codec, HERE)[1:]  # the first one warms up


def _make(folder: Path, numbers: range, load_codec: LoadCodec, workers: Workers) -> list[ShardRecord]:
    """Return the records of shards, made by workers."""
    return [
        ShardRecord.read(folder / name_record(number)) for number in make_shards(folder, numbers, load_codec, workers)
    ]


def _find_cost(records: Sequence[ShardRecord]) -> float:
    return statistics.median(record.seconds / record.rows for record in records) * 1e6


def _run_cluster(folder: Path, count: int, shards: int, load_codec: LoadCodec, tasks: int) -> Run:
    began = time.perf_counter()
    with open_workers(cluster=f"local:{count}") as workers:
        start = time.perf_counter() - began
        client = import_library("distributed").default_client()
        port = int(client.scheduler.address.rpartition(":")[2])
        _warm_up(folder, client, load_codec)
        before = _read_memory(client)
        began = time.perf_counter()
        records = _make(folder, range(count, shards), load_codec, workers)
        wall = (time.perf_counter() - began) / len(records)
        driver, *each = (end - begin for begin, end in zip(before, _read_memory(client), strict=True))
        again = [*range(shards)] * max(1, AGAIN // shards)  # the same messages, in so short a time that no others count
        received = count_received(port)
        deque(make_shards(folder, again, load_codec, workers), maxlen=0)
        received = (count_received(port) - received) / len(again)
        task_ms = _time_tasks(workers, tasks) if tasks else 0.0
    return Run(records, start, wall, received, driver, max(each), task_ms)


def _warm_up(folder: Path, client: Any, load_codec: LoadCodec) -> None:
    """Let each worker load the models and make a shard."""
    plan, addresses = read_plan(folder), client.scheduler_info(n_workers=-1)["workers"]
    calls = [
        client.submit(make_shard, str(folder), number, load_codec, plan.id, workers=[address])
        for number, address in enumerate(addresses)
    ]
    client.gather(calls)


def _read_memory(client: Any) -> list[float]:
    """Return the megabytes of this process and, at most so far, of each worker."""
    own = import_library("psutil").Process().memory_info().rss
    return [memory / MEGABYTE for memory in (own, *client.run(_read_peak).values())]


def _read_peak() -> int:
    """Return the most bytes of memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _time_tasks(workers: Workers, count: int) -> float:
    """Return the milliseconds of a task that does nothing, many of which wait."""

    def submit(executor: Executor, number: int) -> Future[Any]:
        return executor.submit(abs, number)

    began = time.perf_counter()
    for _, future in make_calls(submit, range(count), workers, ahead=4):
        future.result()
    return (time.perf_counter() - began) / count * 1e3


def _run_shells(folder: Path) -> list[ShardRecord]:
    """Return the records of shards that as many commands make at the same time, each by its range."""
    command = [sys.executable, "-m", "ld_data", "shards", "make", str(folder), "--shards"]
    shells = [
        subprocess.Popen([*command, f"{number}:{number + 1}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        for number in range(2, 2 + SHELL_SHARDS)
    ]
    statuses = [shell.wait() for shell in shells]
    if any(statuses):
        raise IntegrityError(f"`{' '.join(command)}` failed. Run it in a folder with a plan.")
    return [ShardRecord.read(folder / name_record(number)) for number in range(2, 2 + SHELL_SHARDS)]


def _compare(folder: Path, records: Sequence[ShardRecord]) -> None:
    """Raise `IntegrityError` unless shards have the files that they have in a folder."""
    for record in records:
        if record.file != ShardRecord.read(folder / name_record(record.number)).file:
            raise IntegrityError(f"shard {record.number} differs between two ways of making it. Report this as a bug.")


def _measure_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _verify(folder: Path, plan: ShardPlan) -> float:
    """Return the megabytes that a check of all hashes reads in a second."""
    seal(folder, plan)
    began = time.perf_counter()
    findings = check_shards(open_folder(folder), plan)
    seconds = time.perf_counter() - began
    if findings.damaged:
        raise IntegrityError(f"shards {findings.damaged} are damaged. Report this as a bug.")
    return _measure_size(folder) / 1e6 / seconds


def _resume(folder: Path, plan: ShardPlan, record: ShardRecord, count: int) -> float:
    """Return the seconds until a resumed run knows what is missing, with so many records of files of one byte."""
    many = replace(plan, name="resumed", rows=count, rows_per_shard=1)
    write_plan(folder, many)
    for number in range(count):
        own = replace(record, plan=many.id, number=number, first_row=number, rows=1, file=FileRecord(1, "0" * 64))
        (folder / name_record(number)).write_text(own.to_json(), "utf-8")
        (folder / name_shard(number)).write_bytes(b"0")
    began = time.perf_counter()
    if list_missing(open_folder(folder), many, range(count)):
        raise IntegrityError("a resumed run finds less than there is. Report this as a bug.")
    return time.perf_counter() - began
