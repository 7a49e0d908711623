import shutil

import numpy as np
import pytest

from ld_data.errors import InputError, IntegrityError
from ld_data.shards.fetching import fetch_shards
from ld_data.shards.folders import open_folder
from ld_data.shards.making import list_missing, make_shards
from ld_data.shards.plan import read_plan
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_record, name_shard
from ld_data.shards.root import ROOT_NAME, name_group, seal
from ld_data.shards.verification import check_shards
from ld_data.storage.hashing import hash_file
from tests.support.shards import load_codec, make_folder

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture
def source(tmp_path):
    folder, plan = make_folder(tmp_path)
    seal(folder, plan)
    return folder


def test_a_part_is_fetched_and_the_rest_made(source, tmp_path):
    plan, target = read_plan(source), tmp_path / "part"
    assert list(fetch_shards(source, target, plan, range(2, 4))) == [2, 3]
    assert {path.name for path in target.glob("*.npz")} == {name_shard(2), name_shard(3)}
    assert hash_file(target / ROOT_NAME) == hash_file(source / ROOT_NAME)
    assert np.array_equal(ShardedRows(target).load(slice(16, 32)).x, ShardedRows(source).load(slice(16, 32)).x)
    missing = list_missing(open_folder(target), plan, range(7))
    assert sorted(missing) == [0, 1, 4, 5, 6]
    list(make_shards(target, missing, load_codec))
    assert check_shards(open_folder(target), plan).damaged == []
    assert list(fetch_shards(source, target, plan, range(7))) == list(range(7))


def test_damaged_or_missing_shards_are_named(source, tmp_path):
    plan = read_plan(source)
    shutil.copy(source / name_shard(1), source / name_shard(2))
    (source / name_shard(3)).unlink()
    with pytest.raises(IntegrityError, match=r"train-0000002\.npz was altered"):
        list(fetch_shards(source, tmp_path / "part", plan, range(2, 3)))
    with pytest.raises(InputError, match="does not hold shard 3"):
        list(fetch_shards(source, tmp_path / "part", plan, range(3, 4)))
    assert not (tmp_path / "part" / ROOT_NAME).exists()
    assert not list((tmp_path / "part").glob("*.npz"))
    assert list(fetch_shards(source, tmp_path / "part", plan, range(0))) == []
    (tmp_path / "part" / ROOT_NAME).write_text("{}")
    with pytest.raises(IntegrityError, match=r"root\.json is not the file of .*big"):
        list(fetch_shards(source, tmp_path / "part", plan, range(0)))


def test_a_record_that_is_not_the_sealed_one_or_a_group_that_is_missing_is_refused(source, tmp_path):
    plan, path = read_plan(source), source / name_record(2)
    path.write_text(path.read_text().replace(hash_file(source / name_shard(2)), "0" * 64))
    with pytest.raises(IntegrityError, match="the record of shard 2 is not that of the sealed shard"):
        list(fetch_shards(source, tmp_path / "part", plan, range(2, 3)))
    (source / name_group(0)).unlink()
    with pytest.raises(IntegrityError, match=r"records-00000\.json is missing"):
        list(fetch_shards(source, tmp_path / "other", plan, range(0)))


@pytest.mark.slow
def test_a_release_goes_into_a_bucket_and_back(source, tmp_path, url):
    plan = read_plan(source)
    list(fetch_shards(source, url, plan, range(7)))
    assert check_shards(open_folder(url), plan).damaged == []
    list(fetch_shards(url, tmp_path / "back", plan, range(7)))
    assert check_shards(open_folder(tmp_path / "back"), plan).damaged == []
