"""Shards made one by one, here or by other workers; the records say what is done.

Workers only decide which process calls `make_shard`.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

import numpy as np

from ld_data.errors import IntegrityError, StorageError
from ld_data.fingerprint import read_fingerprint
from ld_data.protocols import LatentCodec
from ld_data.release.manifest import ArrayRecord, FileRecord
from ld_data.shards.inputs import Inputs, open_inputs
from ld_data.shards.plan import ShardPlan, check_models, read_plan
from ld_data.shards.records import ShardRecord, find_record, name_record, name_shard, summarise
from ld_data.storage.arrays import write_npz
from ld_data.storage.staging import make_staging_folder, take_place
from ld_data.typing import Array
from ld_data.work.workers import HERE, Workers, make_calls

TRIES = 3  # for each shard
MAX_FAILURES = 10  # shards, after which no more are begun
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


def make_shard(folder: Path, number: int, load_codec: LoadCodec, plan_id: str) -> ShardRecord:
    """Return the record of a shard, made unless it is there; another process that makes it may finish first.

    Raises:
        InputError: the folder holds no plan, or the inputs of the plan are missing or cannot be encoded.
        IntegrityError: the plan is another one, or the models or inputs are not those of the plan.
        StorageError: the disk refuses.
    """
    if read_plan(folder).id != plan_id:
        raise IntegrityError(f"{folder} holds another plan than when this command began. Run it again.")
    plan, inputs, codec = _open(folder, load_codec, plan_id)
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
        (folder / note.name).unlink(missing_ok=True)  # of a file that is gone: it would vouch for the new one
        take_place(draft, folder / draft.name)
        note.write_text(record.to_json(), "utf-8")
        take_place(note, folder / note.name)
        return record


@lru_cache(maxsize=1)
def _open(folder: Path, load_codec: LoadCodec, plan_id: str) -> tuple[ShardPlan, Inputs, LatentCodec]:
    """Return all that the shards of a plan share, opened once in each process."""
    plan = read_plan(folder)
    check_models(plan)
    return plan, open_inputs(plan), load_codec(plan.release)


def list_missing(folder: Path, plan: ShardPlan, numbers: Iterable[int]) -> list[int]:
    """Return those of the numbered shards that have to be made, in random order.

    So several processes that make the same shards at the same time seldom meet.
    """
    missing = [number for number in numbers if find_record(folder, plan, number) is None]
    shuffled: list[int] = np.random.default_rng().permutation(missing).tolist()
    return shuffled


def make_shards(
    folder: Path, numbers: Iterable[int], load_codec: LoadCodec, workers: Workers = HERE
) -> Iterator[ShardRecord]:
    """Yield the records of shards as they are made: here, or by other workers.

    A shard that fails for want of luck is tried twice more. The others go on, until ten have failed, and the first is
    named in the end.

    Raises:
        StorageError: shards failed, or a worker was killed. All finished shards stay.
    """
    folder, plan_id, failures = folder.resolve(), read_plan(folder).id, dict[int, str]()

    def submit(executor: Executor, number: int) -> Future[ShardRecord]:
        return executor.submit(make_shard, folder, number, load_codec, plan_id)

    wanted = takewhile(lambda _: len(failures) < MAX_FAILURES, numbers)
    for number, future in make_calls(submit, wanted, workers, WAITING, TRIES):
        if error := future.exception():
            failures[number] = str(error)
        else:
            yield future.result()
    if failures:
        raise StorageError(_explain(failures))


def _explain(failures: dict[int, str]) -> str:
    """Return what failed, in words."""
    number = min(failures)
    goes_on = "All others were made" if len(failures) < MAX_FAILURES else "Too many failed to go on"
    return (
        f"shard {number} failed: {failures[number]} {len(failures)} failed in all. {goes_on}; mend the cause, and run "
        "the command again."
    )
