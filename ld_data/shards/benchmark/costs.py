"""The costs of making, resuming and verifying shards, measured on this machine."""

import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ld_data.errors import IntegrityError
from ld_data.extras import check_libraries, import_library
from ld_data.release.manifest import FileRecord
from ld_data.shards.benchmark.traffic import count_received
from ld_data.shards.benchmark.ways import LOOP, ONE, PROCESSES, TWO, compare, make, open_ways
from ld_data.shards.folders import open_folder
from ld_data.shards.inputs import plan_signals
from ld_data.shards.making import LoadCodec, list_missing, make_shards
from ld_data.shards.plan import ShardPlan, write_plan
from ld_data.shards.records import ShardRecord, name_record, name_shard
from ld_data.shards.root import seal
from ld_data.shards.verification import check_shards
from ld_data.work.memory import read_peak
from ld_data.work.workers import Workers, make_calls

MEGABYTE = 2**20
AGAIN = 400  # shards that are asked for again
SHELL_SHARDS = 2
SHELLS = "two shells"


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        shards: that two workers of Dask make; the memory after all of them is compared with that after the first ones.
        turns: of the plain loop, one worker, two processes and two workers, the first of which does not count.
        tasks: that do nothing.
        records: of shards that are there when a run is resumed.
    """

    shards: int = 64
    turns: int = 7
    tasks: int = 1000
    records: int = 100_000


QUICK = Sizes(8, 2, 200, 2_000)


@dataclass(frozen=True)
class Costs:
    """The measured costs.

    Attributes:
        rows_per_shard, shards: that two workers made.
        equal: shards that the loop, one worker, two processes and two shells made like two workers.
        loop: microseconds of the processor for a row, the median over turns.
        one, two, processes: times that in one worker, in each of two, and in two processes without Dask.
        speedup: how many times as fast two workers are as one by the clock.
        wall: seconds of a shard by the clock, with two workers that go on.
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
    speedup: float
    wall: float
    start: float
    task_ms: float
    scheduler_bytes: float
    driver_mb: float
    worker_mb: float
    row_bytes: float
    verify_mb_per_second: float
    records: int
    resume_seconds: float


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
    for name in (LOOP, ONE, PROCESSES, TWO, SHELLS):
        write_plan(folder / name, plan)
    say("one worker, two, and processes, in turns")
    with ExitStack() as places:
        ways, start, workers = open_ways(folder, load_codec, places)
        client, memory = import_library("distributed").default_client(), list[float]()
        for turn in range(sizes.turns):
            for way in ways.values():
                way.take_turn(turn)
            memory = memory or _read_memory(client)
        say("two workers")
        numbers = range(2 * sizes.turns, sizes.shards)
        run = _measure_run(folder / TWO, numbers, workers, load_codec, sizes.tasks, memory)
    say("two shells")
    alike = [*(record for way in ways.values() for record in way.records), *_run_shells(folder / SHELLS)]
    _compare(folder / TWO, alike)
    say("verification")
    speed = _verify(folder / TWO, plan)
    say("resuming")
    others = {"one": ONE, "two": TWO, "processes": PROCESSES}
    return Costs(
        rows_per_shard=plan.rows_per_shard,
        shards=plan.shards,
        equal=len(alike) - len(ways[TWO].records),
        loop=statistics.median(ways[LOOP].costs),
        **{name: compare(ways[way].costs, ways[LOOP].costs) for name, way in others.items()},
        speedup=2 * compare(ways[ONE].walls, ways[TWO].walls),
        start=start,
        **run,
        row_bytes=_measure_size(folder / TWO) / plan.rows,
        verify_mb_per_second=speed,
        records=sizes.records,
        resume_seconds=_resume(folder / "resumed", plan, ways[TWO].records[0], sizes.records),
    )


def _measure_run(
    folder: Path, numbers: range, workers: Workers, load_codec: LoadCodec, tasks: int, memory: Sequence[float]
) -> dict[str, float]:
    """Return the costs of making shards by workers on a local cluster, the memory beside an earlier one."""
    client = import_library("distributed").default_client()
    port = int(client.scheduler.address.rpartition(":")[2])
    began = time.perf_counter()
    records = make(folder, numbers, load_codec, workers)
    wall = (time.perf_counter() - began) / len(records)
    driver, *each = (end - begin for begin, end in zip(memory, _read_memory(client), strict=True))
    again = [*numbers] * max(1, AGAIN // len(numbers))  # the same messages, in so short a time that no others count
    received = count_received(port)
    deque(make_shards(folder, again, load_codec, workers), maxlen=0)
    costs = {"wall": wall, "driver_mb": driver, "worker_mb": max(each)}
    costs["scheduler_bytes"] = (count_received(port) - received) / len(again)
    return costs | {"task_ms": _time_tasks(workers, tasks)}


def _read_memory(client: Any) -> list[float]:
    """Return the megabytes of this process and, at most so far, of each worker."""
    own = import_library("psutil").Process().memory_info().rss
    return [memory / MEGABYTE for memory in (own, *client.run(read_peak).values())]


def _time_tasks(workers: Workers, count: int) -> float:
    """Return the milliseconds of a task that does nothing, many of which wait."""
    began = time.perf_counter()
    for _, future in make_calls(lambda executor, number: executor.submit(abs, number), range(count), workers, ahead=4):
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
