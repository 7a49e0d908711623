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
from ld_data.shards.folders import Folder, Place, hash_content, open_folder
from ld_data.shards.inputs import Inputs, open_inputs
from ld_data.shards.plan import ShardPlan, check_models, read_plan
from ld_data.shards.records import ShardRecord, find_record, list_made, name_record, name_shard, summarise
from ld_data.storage.arrays import write_npz
from ld_data.typing import Array
from ld_data.work.workers import HERE, Workers, make_calls

TRIES = 3  # for each shard
MAX_FAILURES = 10  # shards, after which no more are begun
WAITING = 4  # shards that wait for a worker, for each that works
PART_ROWS = 1024  # read and encoded at a time; a multiple of the rows that the network takes at once

LoadCodec = Callable[[str], LatentCodec]


def make_arrays(plan: ShardPlan, number: int, inputs: Inputs, codec: LatentCodec) -> dict[str, Array]:
    """Return x and y `(n, d)` float32 and label `(n,)` uint8 of a shard: a function of the plan and the number."""
    rows, x, labels = plan.find_rows(number), list[Array](), list[Array]()
    for start in range(0, len(rows), PART_ROWS):
        part = rows[start : start + PART_ROWS]
        values, classes = inputs(part)
        x.append(codec.x.encode(values, seed=plan.seed, first_row=part.start))
        labels.append(classes.astype(np.uint8))
    label = np.concatenate(labels)
    y = codec.y.encode(label, seed=plan.seed, first_row=rows.start)
    return {"x": np.concatenate(x), "y": y, "label": label}


def make_shard(place: Place, number: int, load_codec: LoadCodec, plan_id: str) -> ShardRecord:
    """Return the record of a shard, made unless it is there; another process that makes it may finish first.

    Raises:
        InputError: the folder holds no plan, or the inputs of the plan are missing or cannot be encoded.
        IntegrityError: the plan is another one, or the models or inputs are not those of the plan; or the bucket holds
            other bytes under the name of the shard.
        StorageError: the disk or the bucket refuses.
    """
    folder = open_folder(place)
    if read_plan(folder).id != plan_id:
        raise IntegrityError(f"{folder} holds another plan than when this command began. Run it again.")
    plan, inputs, codec = _open(str(folder), load_codec, plan_id)
    if record := find_record(folder, plan, number):
        return record
    began = time.process_time()
    with folder.hold(name_shard(number)) as staging:
        if record := find_record(folder, plan, number):
            return record
        arrays = make_arrays(plan, number, inputs, codec)
        draft = staging / name_shard(number)
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
        return _publish(folder, plan, record, draft)


def _publish(folder: Folder, plan: ShardPlan, record: ShardRecord, draft: Path) -> ShardRecord:
    """Give a shard and then its record their places; return the record that is there.

    In a bucket another process may have been faster: its shard stays, if its bytes are the same or its record is there.
    """
    if there := find_record(folder, plan, record.number):
        return there
    note = draft.with_name(name_record(record.number))
    note.write_text(record.to_json(), "utf-8")
    folder.delete(note.name)  # of a file that is gone: it would vouch for the new one
    if not folder.add(draft):
        if there := find_record(folder, plan, record.number):
            return there
        if hash_content(folder, draft.name) != record.file.sha256:
            raise IntegrityError(
                f"{folder}/{draft.name} is there without its record, and this machine makes other bytes: another "
                "process may be about to write the record, or was stopped before. Run the command again; if this "
                "repeats itself, delete the file."
            )
    folder.add(note)
    return record


@lru_cache(maxsize=1)
def _open(folder: str, load_codec: LoadCodec, plan_id: str) -> tuple[ShardPlan, Inputs, LatentCodec]:
    """Return all that the shards of a plan share, opened once in each process."""
    plan = read_plan(folder)
    check_models(plan)
    return plan, open_inputs(plan), load_codec(plan.release)


def list_missing(folder: Folder, plan: ShardPlan, numbers: range) -> list[int]:
    """Return those of successive shards that have to be made, in random order.

    So several processes that make the same shards at the same time seldom meet.
    """
    missing = sorted(set(numbers) - set(list_made(folder, plan, numbers)))
    shuffled: list[int] = np.random.default_rng().permutation(missing).tolist()
    return shuffled


def make_shards(place: Place, numbers: Iterable[int], load_codec: LoadCodec, workers: Workers = HERE) -> Iterator[int]:
    """Yield the numbers of shards as they are made: here, or by other workers, which send nothing else back.

    A shard that fails for want of luck is tried twice more. The others go on, until ten have failed, and the first is
    named in the end.

    Raises:
        StorageError: shards failed, or a worker was killed. All finished shards stay.
    """
    folder, plan_id, failures = str(open_folder(place)), read_plan(place).id, dict[int, str]()

    def submit(executor: Executor, number: int) -> Future[None]:
        return executor.submit(_make_shard, folder, number, load_codec, plan_id)

    wanted = takewhile(lambda _: len(failures) < MAX_FAILURES, numbers)
    for number, future in make_calls(submit, wanted, workers, WAITING, TRIES):
        if error := future.exception():
            failures[number] = (str(error) or repr(error)).rstrip(".")
        else:
            yield number
    if failures:
        number = min(failures)
        goes_on = "All others were made" if len(failures) < MAX_FAILURES else "Too many failed to go on"
        raise StorageError(
            f"shard {number} failed: {failures[number]}. {len(failures)} failed in all. {goes_on}; mend the cause, and "
            "run the command again."
        )


def _make_shard(place: Place, number: int, load_codec: LoadCodec, plan_id: str) -> None:
    make_shard(place, number, load_codec, plan_id)
