import shutil
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient

import ld_data
from api.app import make_app
from api.releases.catalogue import Catalogue
from ld_data.errors import IntegrityError
from ld_data.release.manifest import FileRecord
from tests.support.fakes import FakeCodec
from tests.support.service import BASE, assert_error


def test_an_altered_release_is_not_served_but_the_others_are(release, store):
    shutil.copytree(release, release.parent / "broken-4")
    (release.parent / "broken-4" / "data.npz").write_bytes(b"")
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        client = TestClient(make_app(catalogue, store))
        assert client.get("/health").json()["status"] == "degraded"
        assert_error(client.get("/v1/datasets/broken-4"), 503, "not_ready", "data.npz", "Fetch, build")
        assert client.get(BASE).status_code == 200


def test_each_file_and_each_array_is_hashed_once(release, monkeypatch):
    hashed = []
    for name in ("hash_file", "hash_array"):
        function = getattr(ld_data.release.manifest, name)
        monkeypatch.setattr(
            f"ld_data.release.manifest.{name}", lambda part, function=function: hashed.append(part) or function(part)
        )
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        manifest = catalogue.find("fake-4").manifest
    paths = [part for part in hashed if isinstance(part, Path)]
    assert sorted(path.name for path in paths) == sorted([*manifest.files, "manifest.json"])
    assert len(hashed) - len(paths) == len(manifest.arrays)


def test_records_match_the_files(catalogue):
    for name, served in catalogue.find("fake-4").files.items():
        assert served.record == FileRecord.of(served.path), name


def test_training_rows_stay_on_disk(catalogue, release):
    (served,) = catalogue.ready
    train = ld_data.load(release).train
    for space in "xy":
        rows = getattr(served.data.train, space)
        assert isinstance(rows, np.memmap)
        assert np.array_equal(rows, getattr(train, space))


def test_a_folder_whose_manifest_names_another_release_is_not_served(release):
    shutil.copytree(release, release.parent / "other-4")
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        assert [served.manifest.name for served in catalogue.ready] == ["fake-4"]
        assert "holds the release fake-4" in catalogue.explain_not_ready()["other-4"]


def test_a_release_that_stepped_aside_is_served(release):
    release.rename(release.parent / ".fake-4.previous")
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        assert not catalogue.explain_not_ready()
        assert catalogue.find("fake-4").data.latent_dim == 4


def test_models_that_cannot_be_loaded_make_a_release_not_ready(release):
    def fail(folder: Path):
        raise IntegrityError("the weights are gone")

    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, fail)
        assert catalogue.explain_not_ready() == {"fake-4": "the weights are gone"}
