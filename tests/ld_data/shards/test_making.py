import os
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from ld_data.errors import InputError, IntegrityError, StorageError
from ld_data.shards.folders import open_folder
from ld_data.shards.inputs import ImageInputs
from ld_data.shards.making import list_missing, make_shard, make_shards
from ld_data.shards.plan import write_plan
from ld_data.shards.records import find_record, name_record, name_shard
from ld_data.work.workers import Workers
from tests.support.fakes import FakeCodec, FakeX
from tests.support.shards import load_codec, make_folder, make_plan, read_whole

pytestmark = pytest.mark.usefixtures("release")


def read_bytes(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.npz")}


def test_shards_are_parts_of_the_same_rows_however_they_are_cut(tmp_path):
    whole = make_folder(tmp_path / "a", rows_per_shard=50)
    cut = make_folder(tmp_path / "b")
    one, parts = read_whole(*whole, 0), [read_whole(*cut, number) for number in range(7)]
    for name, array in one.items():
        assert np.array_equal(np.concatenate([part[name] for part in parts]), array)
    assert np.array_equal(one["label"][:3], np.load(tmp_path / "a" / "labels-0.npy")[:3])


def test_no_more_inputs_are_read_at_a_time_than_a_part(tmp_path, monkeypatch):
    folder, plan = make_folder(tmp_path, rows_per_shard=50)
    expected, read, sizes = read_bytes(folder), ImageInputs.__call__, []
    monkeypatch.setattr("ld_data.shards.making.PART_ROWS", 20)
    monkeypatch.setattr(ImageInputs, "__call__", lambda self, rows: sizes.append(len(rows)) or read(self, rows))
    write_plan(tmp_path / "other", plan)
    list(make_shards(tmp_path / "other", range(1), load_codec))
    assert sizes == [20, 20, 10]
    assert read_bytes(tmp_path / "other") == expected


def test_any_executor_makes_the_same_bytes(tmp_path):
    folder, plan = make_folder(tmp_path)
    expected = read_bytes(folder)
    write_plan(tmp_path / "other", plan)
    with ThreadPoolExecutor(2) as threads:
        made = list(make_shards(tmp_path / "other", range(7), load_codec, Workers(threads, 2)))
    assert sorted(made) == list(range(7))
    assert read_bytes(tmp_path / "other") == expected


@pytest.mark.slow
def test_two_processes_make_the_same_bytes(tmp_path):
    folder, plan = make_folder(tmp_path)
    write_plan(tmp_path / "other", plan)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(make_shards(tmp_path / "other", range(7), load_codec, Workers(pool, 2)))
    assert read_bytes(tmp_path / "other") == read_bytes(folder)


def test_shards_that_are_there_are_not_made_again(tmp_path):
    folder, plan = make_folder(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    (folder / name_record(2)).unlink()  # as if it was killed between the shard and its record
    (folder / name_shard(5)).unlink()
    (folder / name_shard(6)).write_bytes(b"cut")
    assert sorted(list_missing(open_folder(folder), plan, range(7))) == [2, 5, 6]
    list(make_shards(folder, range(7), load_codec))
    assert list_missing(open_folder(folder), plan, range(7)) == []
    again = {path.name for path in folder.iterdir() if path.stat().st_mtime_ns != before[path.name]}
    assert again == {name(number) for number in (2, 5, 6) for name in (name_shard, name_record)}


def fail(monkeypatch, explain):
    """Let `make_shard` fail where `explain(number, tries)` returns an error; return the numbers that it tries."""
    tried = []

    def make(folder, number, *others):
        tried.append(number)
        if error := explain(number, tried.count(number)):
            raise error
        return make_shard(folder, number, *others)

    monkeypatch.setattr("ld_data.shards.making.make_shard", make)
    return tried


def test_a_shard_that_fails_does_so_alone_and_is_named(tmp_path, monkeypatch):
    plan, folder = make_plan(tmp_path), tmp_path / "big"
    write_plan(folder, plan)
    errors = {(3, tries): OSError("the disk is asleep") for tries in (1, 2, 3)} | {(4, 1): OSError("a moment")}
    errors[5, 1] = InputError("a poison row.")
    tried = fail(monkeypatch, lambda *place: errors.get(place))
    with pytest.raises(
        StorageError, match=r"shard 3 failed: the disk is asleep\. 2 failed in all\. All others were made"
    ):
        list(make_shards(folder, range(7), load_codec))
    assert [tried.count(number) for number in (3, 4, 5)] == [3, 2, 1]
    assert sorted(list_missing(open_folder(folder), plan, range(7))) == [3, 5]


def test_it_ends_where_nothing_works(tmp_path, monkeypatch):
    plan, folder = make_plan(tmp_path, rows_per_shard=1), tmp_path / "big"
    write_plan(folder, plan)
    tried = fail(monkeypatch, lambda *_: IntegrityError("other models."))
    with pytest.raises(
        StorageError, match=r"shard 0 failed: other models\. 10 failed in all\. Too many failed to go on"
    ):
        list(make_shards(folder, range(50), load_codec))
    assert tried == list(range(10))


def test_a_plan_that_replaces_another_in_the_same_process_is_followed(tmp_path):
    folder, plan = make_folder(tmp_path)
    shutil.rmtree(folder)
    other = replace(plan, seed=4)
    write_plan(folder, other)
    with pytest.raises(IntegrityError, match="holds another plan than when this command began"):
        make_shard(folder, 0, load_codec, plan.id)
    list(make_shards(folder, [0], load_codec))
    assert find_record(open_folder(folder), other, 0).plan == other.id


def test_an_old_record_does_not_vouch_for_a_new_file(tmp_path, monkeypatch):
    folder, plan = make_folder(tmp_path)
    (folder / name_shard(2)).unlink()

    def take_place(draft, place):
        os.replace(draft, place)
        if place.suffix == ".npz":
            raise KeyboardInterrupt  # killed before the record

    monkeypatch.setattr("ld_data.shards.folders.local.take_place", take_place)
    with pytest.raises(KeyboardInterrupt):
        make_shard(folder, 2, load_codec, plan.id)
    assert list_missing(open_folder(folder), plan, range(7)) == [2]


class DeadlyX(FakeX):
    def run_encoder(self, inputs, noise):
        os._exit(1)


def load_deadly_codec(name):
    return FakeCodec(x=DeadlyX())


@pytest.mark.slow
def test_a_killed_worker_is_told_and_its_leftovers_go(tmp_path):
    plan, folder = make_plan(tmp_path), tmp_path / "big"
    write_plan(folder, plan)
    list(make_shards(folder, range(2), load_codec))
    with ProcessPoolExecutor(1, get_context("spawn")) as pool, pytest.raises(StorageError, match="a worker was killed"):
        list(make_shards(folder, range(2, 7), load_deadly_codec, Workers(pool)))
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [f".{name_shard(2)}.writing"]
    list(make_shards(folder, list_missing(open_folder(folder), plan, range(7)), load_codec))
    assert list_missing(open_folder(folder), plan, range(7)) == []
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
