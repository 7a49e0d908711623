import shutil
from copy import copy

import numpy as np
import pytest

import ld_data
from ld_data.errors import InputError, IntegrityError
from ld_data.shards import root as roots
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_record, name_shard
from ld_data.shards.root import ROOT_NAME, name_group, seal
from ld_data.storage.hashing import hash_file
from tests.support.fakes import FakeCodec, FakeX, generate
from tests.support.shards import load_codec, make_folder

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture
def rows(tmp_path):
    return ShardedRows(make_folder(tmp_path)[0])


def test_rows_are_read_by_number_across_shards(rows):
    images, labels = (np.concatenate(parts) for parts in zip(generate(0, 30), generate(1, 20), strict=True))
    codec = FakeCodec()
    assert len(rows) == 50
    for part in (slice(None), slice(6, 18), slice(8, 16), slice(-1, None), slice(49, 99)):
        split, number = rows.load(part), part.indices(50)[0]
        assert np.array_equal(split.label, labels[part])
        assert split.x == pytest.approx(codec.x.encode(images[part], seed=3, first_row=number))
        assert split.y == pytest.approx(codec.y.encode(labels[part], seed=3, first_row=number))


@pytest.mark.parametrize("batch_rows", [1, 5, 8, 20, 50])
def test_batches_are_the_rows_in_their_order(rows, batch_rows):
    batches = list(rows.iterate(batch_rows))
    assert {len(batch) for batch in batches[:-1]} <= {batch_rows}
    assert np.array_equal(np.concatenate([batch.x for batch in batches]), rows.load(slice(None)).x)
    part = list(rows.iterate(batch_rows, 7, 20))
    assert np.array_equal(np.concatenate([batch.y for batch in part]), rows.load(slice(7, 20)).y)


def test_bad_requests_are_refused(rows, tmp_path):
    for part in (slice(5, 5), slice(0, 10, 2), slice(60, 70), 3):
        with pytest.raises(InputError, match="a slice of one row or more without a step"):
            rows.load(part)
    with pytest.raises(InputError, match="batch_rows must be from 1 to 50"):
        rows.iterate(0)
    (tmp_path / "big" / name_record(2)).unlink()
    with pytest.raises(InputError, match=r"shard 2 of big is not in .*big\. Make it with"):
        rows.load(slice(0, 20))
    assert len(rows.load(slice(0, 16))) == 16


@pytest.fixture
def sealed(tmp_path, monkeypatch):
    monkeypatch.setattr(roots, "GROUP_SHARDS", 3)
    folder, plan = make_folder(tmp_path)
    seal(folder, plan)
    return folder


def test_sealed_rows_are_checked_by_the_root_alone(sealed):
    rows, expected = ShardedRows(sealed), ShardedRows(sealed).load(slice(None))
    assert rows.root_sha256 == hash_file(sealed / ROOT_NAME)
    for path in sealed.glob("train-*.json"):
        path.unlink()
    assert np.array_equal(ld_data.load(str(sealed), rows=slice(20, 50)).x, expected.x[20:])
    shard = (sealed / name_shard(2)).read_bytes()
    shutil.copy(sealed / name_shard(1), sealed / name_shard(2))
    with pytest.raises(IntegrityError, match=r"train-0000002\.npz was altered"):
        rows.load(slice(16, 17))
    (sealed / name_shard(2)).write_bytes(shard)
    (sealed / name_group(2)).write_bytes(b"{}")
    assert len(ShardedRows(sealed).load(slice(0, 48))) == 48  # of the other groups
    with pytest.raises(IntegrityError, match=r"records-00002\.json was altered"):
        ShardedRows(sealed).load(slice(48, 49))


def test_a_virtual_release_makes_its_shards_and_proves_them(sealed):
    expected = ShardedRows(sealed).load(slice(None))
    for path in sealed.glob("train-*"):
        path.unlink()
    with pytest.raises(InputError, match="or let ShardedRows make it: load_codec"):
        ShardedRows(sealed).load(slice(5, 6))
    rows = copy(ShardedRows(sealed, load_codec))  # as another process opens it
    assert np.array_equal(rows.load(slice(5, 49)).x, expected.x[5:49])
    assert np.array_equal(rows.load(slice(5, 49)).y, expected.y[5:49])
    assert not list(sealed.glob("train-*"))


class OtherX(FakeX):
    difference = 1e-5

    def run_encoder(self, inputs, noise):
        return super().run_encoder(inputs, noise) + np.float32(self.difference)


class WrongX(OtherX):
    difference = 0.01


@pytest.mark.parametrize(
    ("x", "is_elsewhere", "is_right"), [(OtherX, True, True), (OtherX, False, False), (WrongX, True, False)]
)
def test_x_of_a_virtual_release_may_differ_by_rounding_on_another_machine_alone(
    sealed, monkeypatch, x, is_elsewhere, is_right
):
    for path in sealed.glob("train-*"):
        path.unlink()
    if is_elsewhere:
        monkeypatch.setattr("ld_data.shards.redraws.read_fingerprint", lambda: {"cpu": "another"})
    rows = ShardedRows(sealed, lambda name: FakeCodec(x=x()))
    if is_right:
        assert len(rows.load(slice(0, 9))) == 9
    else:
        with pytest.raises(IntegrityError, match="shard 0 of big, made here, is not the sealed one"):
            rows.load(slice(0, 9))


def test_rows_are_those_of_sharded_releases(tmp_path, release):
    folder, _ = make_folder(tmp_path)
    with pytest.raises(InputError, match="has no root to compare new shards with"):
        ShardedRows(folder, load_codec)
    with pytest.raises(InputError, match="fake-4 is no sharded release"):
        ld_data.load("fake-4", rows=slice(0, 5))
    with pytest.raises(InputError, match="is a sharded release: name the rows"):
        ld_data.load(folder)
    shutil.copytree(folder, release.parent / "big")
    assert len(ld_data.load("big", rows=slice(0, 5))) == 5  # by name, in the folder of releases


@pytest.mark.slow
def test_tensorflow_reads_batches(sealed):
    rows = ShardedRows(sealed)
    batches = list(rows.as_tf_dataset(20))
    assert [len(x) for x, _ in batches] == [20, 20, 10]
    whole = rows.load(slice(None))
    assert np.array_equal(np.concatenate([x for x, _ in batches]), whole.x)
    assert np.array_equal(np.concatenate([y for _, y in batches]), whole.y)
