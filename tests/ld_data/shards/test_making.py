import os
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from ld_data.errors import StorageError
from ld_data.shards.making import list_missing, make_by_workers, make_here, make_shard
from ld_data.shards.plan import write_plan
from ld_data.shards.records import find_record, name_record, name_shard, read_shard
from tests.support.shards import load_codec, make_folder, make_plan

pytestmark = pytest.mark.usefixtures("release")


class Here(Executor):
    """Runs each task at once, in this process."""

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


def read_bytes(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.npz")}


def test_shards_are_parts_of_the_same_rows_however_they_are_cut(tmp_path):
    whole = make_folder(tmp_path / "a", rows_per_shard=50)
    cut = make_folder(tmp_path / "b")
    one = read_shard(whole[0], find_record(*whole, 0))
    parts = [read_shard(cut[0], find_record(*cut, number)) for number in range(7)]
    for name, array in one.items():
        assert np.array_equal(np.concatenate([part[name] for part in parts]), array)
    assert np.array_equal(one["label"][:3], np.load(tmp_path / "a" / "labels-0.npy")[:3])


def test_any_executor_makes_the_same_bytes(tmp_path):
    folder, plan = make_folder(tmp_path)
    expected = read_bytes(folder)
    write_plan(tmp_path / "other", plan)
    records = make_by_workers(tmp_path / "other", range(7), load_codec, Here(), 2)
    assert sorted(record.number for record in records) == list(range(7))
    assert read_bytes(tmp_path / "other") == expected


@pytest.mark.slow
def test_two_processes_make_the_same_bytes(tmp_path):
    folder, plan = make_folder(tmp_path)
    write_plan(tmp_path / "other", plan)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(make_by_workers(tmp_path / "other", range(7), load_codec, pool, 2))
    assert read_bytes(tmp_path / "other") == read_bytes(folder)


def test_shards_that_are_there_are_not_made_again(tmp_path):
    folder, plan = make_folder(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    (folder / name_record(2)).unlink()  # as if it was killed between the shard and its record
    (folder / name_shard(5)).unlink()
    (folder / name_shard(6)).write_bytes(b"cut")
    assert list_missing(folder, plan, range(7)) == [2, 5, 6]
    list(make_here(folder, range(7), load_codec))
    assert list_missing(folder, plan, range(7)) == []
    again = {path.name for path in folder.iterdir() if path.stat().st_mtime_ns != before[path.name]}
    assert again == {name(number) for number in (2, 5, 6) for name in (name_shard, name_record)}


def test_a_shard_that_fails_does_so_alone_and_is_named(tmp_path, monkeypatch):
    plan, folder = make_plan(tmp_path), tmp_path / "big"
    write_plan(folder, plan)
    tried = []

    def make(folder, number, load_codec):
        tried.append(number)
        if number == 3 or tried.count(4) == tried.count(4) % 2 == 1:
            raise RuntimeError("a poison row")
        return make_shard(folder, number, load_codec)

    monkeypatch.setattr("ld_data.shards.making.make_shard", make)
    with pytest.raises(StorageError, match=r"number 3 by: a poison row\. All others were made"):
        list(make_by_workers(folder, range(7), load_codec, Here(), 1))
    assert tried.count(3) == 3
    assert list_missing(folder, plan, range(7)) == [3]


def die(name):
    os._exit(1)


@pytest.mark.slow
def test_a_killed_worker_is_told_and_nothing_is_left_over(tmp_path):
    plan, folder = make_plan(tmp_path), tmp_path / "big"
    write_plan(folder, plan)
    list(make_here(folder, range(2), load_codec))
    with ProcessPoolExecutor(1, get_context("spawn")) as pool, pytest.raises(StorageError, match="a worker was killed"):
        list(make_by_workers(folder, range(2, 7), die, pool, 1))
    assert list_missing(folder, plan, range(7)) == [2, 3, 4, 5, 6]
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
