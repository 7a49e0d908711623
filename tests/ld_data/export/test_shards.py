import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.export.shards import export_shards
from ld_data.shards.reading import ShardedRows
from tests.support.shards import make_folder

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.usefixtures("release")]


def test_hugging_face_reads_a_file_for_each_shard(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    datasets = pytest.importorskip("datasets")
    rows, out = ShardedRows(make_folder(tmp_path)[0]), tmp_path / "parquet"
    assert len(list(export_shards(rows, out))) == 7
    (out / "train-0000003.parquet").unlink()
    assert [path.name for path in export_shards(rows, out)] == ["train-0000003.parquet"]
    whole = rows.load(slice(None))
    by_glob = datasets.load_dataset("parquet", data_files={"train": f"{out}/train-*.parquet"}, split="train")
    by_card = datasets.load_dataset(str(out), split="train", streaming=True)
    for found in (list(by_glob), list(by_card)):
        assert np.array_equal(np.float32([row["x"] for row in found]), whole.x)
        assert [row["label"] for row in found] == list(whole.label)
    other = ShardedRows(make_folder(tmp_path / "other", seed=9)[0])
    with pytest.raises(InputError, match="holds the files of another release"):
        list(export_shards(other, out))
