"""Shards in a bucket: moto's server of S3 on loopback."""

import json
from pathlib import Path

import numpy as np
import pytest

from ld_data.errors import InputError, IntegrityError, StorageError
from ld_data.shards.folders import open_folder
from ld_data.shards.making import list_missing, make_shard, make_shards
from ld_data.shards.plan import read_plan, write_plan
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_record, name_shard
from ld_data.shards.root import ROOT_NAME, name_group, seal
from ld_data.shards.verification import check_shards, drop_shards
from tests.support.fakes import FakeCodec, FakeX
from tests.support.shards import load_codec, make_folder, make_plan, read_content

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("release")]


def read_all(folder):
    return {name: read_content(folder, name) for name in folder.list_sizes() if name.endswith(".npz")}


@pytest.fixture
def planned(url, tmp_path):
    """A folder in the bucket, with a plan and no shards."""
    plan = make_plan(tmp_path)
    write_plan(url, plan)
    return open_folder(url), plan


def test_a_release_is_made_sealed_checked_and_read_in_a_bucket(planned, tmp_path, bucket):
    folder, plan = planned
    assert sorted(make_shards(folder.url, range(7), load_codec)) == list(range(7))
    assert list_missing(folder, plan, range(7)) == []
    root = seal(folder.url, plan)
    local, _ = make_folder(tmp_path)
    assert root == seal(local, plan)
    assert read_all(folder) == read_all(open_folder(local))
    assert check_shards(folder, plan).damaged == []
    bucket.requests.clear()
    rows = ShardedRows(folder.url)
    assert np.array_equal(rows.load(slice(9, 20)).x, ShardedRows(local).load(slice(9, 20)).x)
    read = [path.rpartition("/")[2] for _, path in bucket.requests]
    assert read == ["plan.json", ROOT_NAME, name_group(0), name_shard(1), name_shard(2)]
    with pytest.raises(InputError, match="is sealed already"):
        seal(folder, plan)
    drop_shards(folder, [3])
    assert check_shards(folder, plan).missing == [3]
    assert list_missing(folder, plan, range(2, 5)) == [3]


def test_a_second_writer_of_the_same_bytes_is_done(planned):
    folder, plan = planned
    record = make_shard(folder, 2, load_codec, plan.id)
    folder.delete(name_record(2))  # the first writer is between the shard and its record
    again = make_shard(folder, 2, load_codec, plan.id)
    assert again.file == record.file
    assert list_missing(folder, plan, range(7)).count(2) == 0


class OtherX(FakeX):
    def run_encoder(self, inputs, noise):
        return super().run_encoder(inputs, noise) + np.float32(1e-5)


def test_other_bytes_under_the_name_are_a_clash_unless_their_record_is_there(planned, monkeypatch):
    folder, plan = planned
    record = make_shard(folder, 2, load_codec, plan.id)
    before = read_content(folder, name_shard(2))
    note = read_content(folder, name_record(2))
    folder.delete(name_record(2))
    with pytest.raises(IntegrityError, match=r"train-0000002\.npz is there without its record, and this machine makes"):
        make_shard(folder, 2, lambda _: FakeCodec(x=OtherX()), plan.id)
    assert read_content(folder, name_shard(2)) == before
    add = type(folder).add

    def add_late(self, draft):
        """The other writer's record arrives while this one finds the name taken."""
        if draft.suffix == ".npz":
            Path(draft.with_name(name_record(2))).write_bytes(note)
            add(self, draft.with_name(name_record(2)))
        return add(self, draft)

    monkeypatch.setattr(type(folder), "add", add_late)
    assert make_shard(folder, 2, lambda _: FakeCodec(x=OtherX()), plan.id) == record
    assert read_content(folder, name_shard(2)) == before


def test_a_busy_bucket_is_asked_again(planned, bucket, monkeypatch):
    folder, plan = planned
    answers = iter([503, 503, None, 503])
    monkeypatch.setattr(bucket, "refuse", lambda method, path: next(answers, None) if method == "PUT" else None)
    make_shard(folder, 0, load_codec, plan.id)
    assert next(answers, "used up") == "used up"
    assert list_missing(folder, plan, range(1)) == []


def test_a_bucket_that_may_not_be_written_or_reached_is_named(planned, bucket, monkeypatch, tmp_path):
    folder, plan = planned
    monkeypatch.setattr(bucket, "refuse", lambda method, path: 403 if method == "PUT" else None)
    with pytest.raises(
        StorageError, match=r"shard 0 failed: s3://shards/\d+/big does not permit this: .*Check the credentials"
    ):
        list(make_shards(folder, [0], load_codec))
    assert list(folder.list_sizes()) == ["plan.json"]
    with pytest.raises(StorageError, match="does not permit this"):
        write_plan("s3://shards/other", plan)
    monkeypatch.setattr(bucket, "refuse", lambda method, path: None)
    with pytest.raises(StorageError, match=r"there is no bucket of s3://nowhere/big"):
        write_plan("s3://nowhere/big", plan)
    with pytest.raises(InputError, match=r"s3://nowhere/big holds no plan\.json"):
        read_plan("s3://nowhere/big")
    monkeypatch.setattr("ld_data.shards.folders.bucket.RETRIES", {"max_retries": 0})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match="s3://shards/nothing cannot be reached: "):
        read_plan("s3://shards/nothing")


def test_another_plan_and_too_large_files_are_refused(planned, tmp_path):
    folder, plan = planned
    with pytest.raises(InputError, match="holds another plan, of 50 rows of big"):
        write_plan(folder, make_plan(tmp_path, seed=4))
    assert read_plan(folder.url + "/") == plan
    with pytest.raises(IntegrityError, match=r"plan\.json: expected at most 5 bytes"):
        folder.open("plan.json", 5)
    assert json.loads(read_content(folder, "plan.json"))["rows"] == 50


def test_a_forked_process_is_refused(planned, monkeypatch):
    folder, _ = planned
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(StorageError, match=r"was opened before this process was forked\. Start workers by spawn"):
        folder.find_size("plan.json")


def test_names_are_listed_in_parts(planned):
    folder, _ = planned
    for name in ("b1", "b2", "c"):
        with folder.hold(name) as staging:
            (staging / name).write_text("text")
            folder.add(staging / name)
    assert folder.list_sizes("b1", "c") == {"b2": 4, "c": 4}
    assert folder.list_sizes("b", "b1") == {"b1": 4}
    assert folder.name == "big"
