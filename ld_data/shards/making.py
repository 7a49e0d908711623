"""Shards made one by one, here or by the workers of an executor; the records say what is done.

An engine only decides which process calls `make_shard`: any `concurrent.futures.Executor` will do.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

from ld_data.errors import StorageError
from ld_data.fingerprint import read_fingerprint
from ld_data.protocols import LatentCodec
from ld_data.release.manifest import ArrayRecord, FileRecord
from ld_data.shards.inputs import Inputs, open_inputs
from ld_data.shards.plan import ShardPlan, check_models, read_plan
from ld_data.shards.records import ShardRecord, find_record, name_record, name_shard, summarise
from ld_data.storage.arrays import write_npz
from ld_data.storage.staging import make_staging_folder, take_place
from ld_data.typing import Array

TRIES = 3  # for each shard
CHECK_SECONDS = 5.0
WAITING = 4  # shards that wait for a worker, for each that works
PART_ROWS = 8192  # encoded at a time

LoadCodec = Callable[[str], LatentCodec]


def make_arrays(plan: ShardPlan, number: int, inputs: Inputs, codec: LatentCodec) -> dict[str, Array]:
    """Return x and y `(n, d)` float32 and label `(n,)` uint8 of a shard: a function of the plan and the number."""
    rows = plan.find_rows(number)
    values, labels = inputs.read(rows)
    x = np.concatenate(
        [
            codec.x.encode(values[start : start + PART_ROWS], seed=plan.seed, first_row=rows.start + start)
            for start in range(0, len(rows), PART_ROWS)
        ]
    )
    y = codec.y.encode(labels, seed=plan.seed, first_row=rows.start)
    return {"x": x, "y": y, "label": labels.astype(np.uint8)}


def make_shard(folder: Path, number: int, load_codec: LoadCodec) -> ShardRecord:
    """Return the record of a shard, made unless it is there; another process that makes it may finish first.

    Raises:
        InputError: the folder holds no plan, or the inputs of the plan are missing.
        IntegrityError: the models or inputs are not those of the plan.
        StorageError: the disk refuses.
    """
    plan, inputs, codec = _open(folder.resolve(), load_codec)
    if record := find_record(folder, plan, number):
        return record
    began = time.process_time()
    with make_staging_folder(folder, name_shard(number), wait=True) as staging:
        if record := find_record(folder, plan, number):
            return record
        arrays = make_arrays(plan, number, inputs, codec)
        draft, note = staging / name_shard(number), staging / name_record(number)
        write_npz(draft, arrays)
        sums, squares, counts = summarise(arrays, len(codec.y.class_bias))
        record = ShardRecord(
            plan=plan.id,
            number=number,
            first_row=plan.find_rows(number).start,
            rows=len(arrays["label"]),
            arrays={name: ArrayRecord.of(array) for name, array in arrays.items()},
            file=FileRecord.of(draft),
            sums=tuple(sums.tolist()),
            squares=tuple(squares.tolist()),
            counts=tuple(counts.tolist()),
            fingerprint=read_fingerprint(),
            seconds=time.process_time() - began,
        )
        take_place(draft, folder / draft.name)
        note.write_text(record.to_json(), "utf-8")
        take_place(note, folder / note.name)
        return record


@lru_cache(maxsize=1)
def _open(folder: Path, load_codec: LoadCodec) -> tuple[ShardPlan, Inputs, LatentCodec]:
    """Return what all shards of a folder share, opened once in each process."""
    plan = read_plan(folder)
    check_models(plan)
    return plan, open_inputs(plan), load_codec(plan.release)


def list_missing(folder: Path, plan: ShardPlan, numbers: Iterable[int]) -> list[int]:
    """Return those of the numbered shards that have to be made."""
    return [number for number in numbers if find_record(folder, plan, number) is None]


def make_here(folder: Path, numbers: Iterable[int], load_codec: LoadCodec) -> Iterator[ShardRecord]:
    """Yield the records of shards, made one after the other in this process; raises as `make_shard`."""
    return (make_shard(folder, number, load_codec) for number in numbers)


def make_by_workers(
    folder: Path,
    numbers: Iterable[int],
    load_codec: LoadCodec,
    executor: Executor,
    workers: int,
    check: Callable[[], None] = lambda: None,
) -> Iterator[ShardRecord]:
    """Yield the records of shards as the workers of an executor make them.

    A shard that fails is tried twice more; then the others go on, and it is named in the end. `check` is called every
    few seconds, and raises an error if the executor is lost, whose shards would never end.

    Raises:
        StorageError: shards failed, or a worker was killed. All other shards stay.
    """
    queue, tries, failed = iter(numbers), dict[int, int](), dict[int, Exception]()
    running: dict[Future[ShardRecord], int] = {}

    def submit(number: int) -> None:
        tries[number] = tries.get(number, 0) + 1
        running[executor.submit(make_shard, folder.resolve(), number, load_codec)] = number

    for number in islice(queue, workers * WAITING):
        submit(number)
    while running:
        done, _ = wait(running, CHECK_SECONDS, FIRST_COMPLETED)
        check()
        for future in done:
            number = running.pop(future)
            try:
                yield future.result()
                tries.pop(number)
            except BrokenExecutor as error:
                raise StorageError(
                    "a worker was killed, for example for lack of memory. Finished shards stay: run the command again, "
                    "with fewer jobs if this repeats itself."
                ) from error
            except Exception as error:
                if tries[number] < TRIES:
                    submit(number)
                    continue
                failed[number] = error
            for following in islice(queue, 1):
                submit(following)
    if failed:
        raise _explain(failed)


def _explain(failed: dict[int, Exception]) -> StorageError:
    """Return the error that names the first of the shards that failed."""
    number, cause = next(iter(failed.items()))
    error = StorageError(
        f"{len(failed)} shards failed {TRIES} times each, number {number} by: {cause}. All others were made; "
        "mend the cause, and run the command again."
    )
    error.__cause__ = cause
    return error
