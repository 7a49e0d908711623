import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.shards import root as roots
from ld_data.shards.folders import open_folder
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_record, name_shard
from ld_data.shards.root import ROOT_NAME, iterate_entries, read_root, seal
from tests.support.shards import make_folder

pytestmark = pytest.mark.usefixtures("release")


def test_the_root_holds_groups_and_totals(tmp_path, monkeypatch):
    monkeypatch.setattr(roots, "GROUP_SHARDS", 3)
    folder, plan = make_folder(tmp_path)
    root = seal(folder, plan)
    opened = open_folder(folder)
    assert read_root(opened, plan)[0] == root
    rows = ShardedRows(folder).load(slice(None))
    assert (root.rows, root.shards, len(root.groups)) == (50, 7, 3)
    assert root.mean == pytest.approx(rows.x.mean(axis=0, dtype=float))
    assert root.std == pytest.approx(rows.x.std(axis=0, dtype=float))
    assert root.counts == tuple(np.bincount(rows.label))
    assert [entry.number for entry in iterate_entries(opened, root)] == list(range(7))
    assert [fingerprint.shards for fingerprint in root.fingerprints] == [7]


def test_a_folder_is_sealed_whole_and_once(tmp_path):
    folder, plan = make_folder(tmp_path)
    record = (folder / name_record(4)).read_text()
    (folder / name_record(4)).unlink()
    with pytest.raises(InputError, match="shards 4 of big are missing"):
        seal(folder, plan)
    assert not (folder / ROOT_NAME).exists()
    (folder / name_record(4)).write_text(record)
    seal(folder, plan)
    with pytest.raises(InputError, match="is sealed already"):
        seal(folder, plan)


def test_folders_of_killed_writers_are_deleted(tmp_path):
    folder, plan = make_folder(tmp_path)
    left = folder / f".{name_shard(2)}.writing"
    left.mkdir()
    (left / "draft").write_text("x")
    seal(folder, plan)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_shards_of_two_machines_are_counted_or_refused(tmp_path):
    folder, plan = make_folder(tmp_path)
    path = folder / name_record(0)
    path.write_text(path.read_text().replace('"cpu": "', '"cpu": "another '))
    with pytest.raises(InputError, match="2 installations made these shards"):
        seal(folder, plan, same_machine=True)
    assert sorted(fingerprint.shards for fingerprint in seal(folder, plan).fingerprints) == [1, 6]
