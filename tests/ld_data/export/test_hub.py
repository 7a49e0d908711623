"""Publishing: a folder that a hub reads as a dataset, and that downloads take as a mirror."""

import pytest
import yaml
from pyarrow import parquet
from starlette.staticfiles import StaticFiles

import ld_data
from ld_data import __main__ as data_main
from ld_data.errors import InputError, IntegrityError
from ld_data.export.croissant import CROISSANT_NAME
from ld_data.export.hub import publish_release
from ld_data.release.folder import load_verified
from tests.support.command_lines import run, run_json
from tests.support.fakes import FakeCodec, build_release, make_plan, make_source
from tests.support.servers import serve

pytestmark = pytest.mark.slow  # pyarrow takes half a second


def test_a_published_release_is_a_dataset_and_a_release(release, tmp_path):
    folder = publish_release("fake-4", tmp_path / "hub")
    assert ld_data.verify(folder).name == "fake-4"
    front = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    tables = {part["path"] for config in front["configs"] for part in config["data_files"]}
    assert {path.name for path in folder.glob("*.parquet")} == tables
    assert (folder / CROISSANT_NAME).exists()
    assert parquet.read_table(folder / "train.parquet").num_rows == len(ld_data.load(release).train)
    with pytest.raises(InputError, match="exists and is not overwritten"):
        publish_release("fake-4", tmp_path / "hub")


def test_a_release_that_is_replaced_while_it_is_published_is_refused(release, tmp_path, monkeypatch):
    def load_old(name):
        loaded = load_verified(name)
        build_release(make_source(), FakeCodec(), make_plan(seed=1), release.parent)
        return loaded

    monkeypatch.setattr("ld_data.export.hub.load_verified", load_old)
    with pytest.raises(IntegrityError, match="was replaced by another release while it was read"):
        publish_release("fake-4", tmp_path / "hub")
    assert not list((tmp_path / "hub").iterdir())


@pytest.mark.usefixtures("cache", "release")
def test_published_releases_are_a_mirror(tmp_path, monkeypatch, capsys):
    assert run(data_main.main, "publish", "--to", tmp_path / "hub") == 0
    assert "hf upload --repo-type dataset ORGANISATION/fake-4" in capsys.readouterr().out
    with serve(StaticFiles(directory=tmp_path / "hub")) as address:
        monkeypatch.setenv("LD_DATA_MIRROR", f"{address}/none {address}")
        facts = run_json(capsys, data_main.main, "download", "fake-4", "--checkpoints", tmp_path / "new")
    assert (facts["fetched"], facts["place"]) == (True, f"{address}/fake-4")
    assert {path.name for path in (tmp_path / "new" / "fake-4").iterdir()} == {
        path.name for path in (tmp_path / "checkpoints" / "fake-4").iterdir()
    }
