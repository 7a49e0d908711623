import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from fastapi.testclient import TestClient
from pyarrow import parquet

from api.app import make_app
from api.releases import served_files
from api.releases.catalogue import Catalogue
from ld_data.export.croissant import CONFORMS_TO
from ld_data.storage.hashing import hash_file
from tests.ld_data.export.test_formats import deprecations
from tests.support.fakes import FakeCodec, add_shifts
from tests.support.servers import serve

NAME = "fake-4"
FILES = f"/v1/datasets/{NAME}/files"

pytestmark = pytest.mark.slow  # each export runs in a process of its own


@pytest.fixture
def app(catalogue, store):
    return make_app(catalogue, store)


@pytest.fixture
def client(app):
    with TestClient(app) as client:
        yield client


@pytest.fixture
def data(catalogue):
    return catalogue.find(NAME).data


EXPORTED = {
    "parquet": ("train.parquet", "test.parquet", "classes.parquet", "README.md"),
    "safetensors": ("data.safetensors",),
    "csv": ("train.csv", "test.csv", "classes.csv"),
}


def test_the_release_names_its_files_in_other_formats(client):
    exports = client.get(f"/v1/datasets/{NAME}").json()["exports"]
    assert exports == {form: {name: f"{FILES}/{name}" for name in names} for form, names in EXPORTED.items()}


def test_shifted_test_sets_are_served_as_they_are_and_in_other_formats(release, store):
    with Catalogue() as catalogue:
        catalogue.add_all(add_shifts(release).parent, lambda folder: FakeCodec())
        with TestClient(make_app(catalogue, store)) as client:
            content = (release / "test_x.scale.npy").read_bytes()
            assert client.get(f"{FILES}/test_x.scale.npy").content == content
            dataset = client.get(f"/v1/datasets/{NAME}").json()
            assert dataset["exports"]["csv"].keys() == {*EXPORTED["csv"], "shifts.csv"}
            arrays = safetensors.numpy.load(client.get(f"{FILES}/shifts.safetensors").content)
            assert np.array_equal(arrays["scale"], catalogue.find(NAME).data.test.x * 2)
            described = client.get(f"/v1/datasets/{NAME}/croissant.json").json()
            assert [table["name"] for table in described["recordSet"]] == ["train", "test", "classes", "shifts"]


def test_each_export_downloads_with_its_hash_and_holds_the_vectors(client, data, tmp_path, monkeypatch):
    """Each format is made once for many requests."""
    made, make = [], served_files.Exports._make
    monkeypatch.setattr(served_files.Exports, "_make", lambda self, *args: made.append(args[0]) or make(self, *args))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda name: client.get(f"{FILES}/{name}").status_code, ["train.csv"] * 4))
    assert answers == [200] * 4
    for name in (name for names in EXPORTED.values() for name in names):
        answer = client.get(f"{FILES}/{name}")
        assert answer.status_code == 200
        (tmp_path / name).write_bytes(answer.content)
        assert answer.headers["etag"] == f'"{hash_file(tmp_path / name)}"'
        assert client.get(f"{FILES}/{name}", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        assert client.get(f"{FILES}/{name}", headers={"Range": "bytes=0-3"}).content == answer.content[:4]
    table = parquet.read_table(io.BytesIO(client.get(f"{FILES}/test.parquet").content))
    assert np.array_equal(np.array(table["x"].to_pylist(), np.float32), data.test.x)
    arrays = safetensors.numpy.load(client.get(f"{FILES}/data.safetensors").content)
    assert np.array_equal(arrays["y_train"], data.train.y)
    numbers = pd.read_csv(io.BytesIO(client.get(f"{FILES}/train.csv").content))
    assert np.array_equal(numbers.filter(like="x_").to_numpy(np.float32), data.train.x)
    assert sorted(made) == sorted(EXPORTED)


@pytest.mark.slow
@deprecations
def test_the_croissant_description_leads_to_the_files(app, data, tmp_path, monkeypatch):
    import mlcroissant  # late: it takes a second

    monkeypatch.setattr(mlcroissant._src.core.constants, "DOWNLOAD_PATH", tmp_path)  # not the user's cache
    with serve(app) as address:
        described = mlcroissant.Dataset(f"{address}/v1/datasets/{NAME}/croissant.json")
        assert not described.metadata.issues.errors
        records = list(described.records(record_set="test"))
    assert np.array_equal(np.stack([record["test/y"] for record in records]), data.test.y)


def test_the_croissant_description_has_the_origin_of_the_release(client, catalogue):
    answer = client.get(f"/v1/datasets/{NAME}/croissant.json")
    assert answer.headers["content-type"] == f'application/ld+json; profile="{CONFORMS_TO}"'
    described, manifest = json.loads(answer.text), catalogue.find(NAME).manifest
    assert described["conformsTo"] == CONFORMS_TO
    assert described["prov:wasGeneratedBy"]["prov:label"] == manifest.command
    assert described["prov:wasDerivedFrom"]["@id"] == f"urn:sha256:{manifest.source['sha256']}"
    assert (described["datePublished"], described["dateModified"]) == (
        manifest.changes[-1].date,
        manifest.changes[0].date,
    )


def test_a_failed_export_is_explained_and_logged(client, monkeypatch, caplog):
    monkeypatch.setattr(served_files.sys, "executable", "/no/such/python")
    answer = client.get(f"{FILES}/train.csv")
    assert answer.status_code == 503
    assert "data.npz holds the same arrays" in answer.json()["error"]
    assert "/no/such/python" in caplog.text


def test_a_killed_export_is_a_failure(client, monkeypatch, tmp_path, caplog):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -9 $$\n")  # the kernel does this when memory is short; stderr stays empty
    program.chmod(0o700)
    monkeypatch.setattr(served_files.sys, "executable", str(program))
    assert client.get(f"{FILES}/train.csv").status_code == 503
    assert "it ended with status -9" in caplog.text


def test_an_export_that_took_too_long_is_available_later(client, monkeypatch):
    run = served_files.subprocess.run

    def run_too_long(command, **options):
        run(command, **options)
        raise served_files.subprocess.TimeoutExpired(command, 0)

    monkeypatch.setattr(served_files.subprocess, "run", run_too_long)
    assert client.get(f"{FILES}/train.csv").status_code == 503
    monkeypatch.setattr(served_files.subprocess, "run", run)
    assert client.get(f"{FILES}/train.csv").status_code == 200


def test_a_release_that_was_replaced_is_not_exported(client, release):
    manifest = release / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"seed": 0', '"seed": 1'))
    assert client.get(f"{FILES}/train.csv").status_code == 503


def test_the_answer_to_an_unknown_file_names_the_known_ones(client):
    answer = client.get(f"{FILES}/train.xlsx")
    assert answer.status_code == 404
    assert "train.parquet" in answer.json()["error"]
    assert "Croissant" not in answer.json()["error"]
    answer = client.get(f"{FILES}/croissant.json")
    assert answer.status_code == 404
    assert answer.json()["error"].endswith(" in Croissant is above this folder, at ../croissant.json.")
