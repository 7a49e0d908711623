import shutil

import numpy as np
import pytest
from fastapi.testclient import TestClient

import ld_data
from api.app import make_app
from api.releases.catalogue import Catalogue
from ld_data.errors import InputError, MissingDataError
from ld_data.settings import OFFLINE_VARIABLE
from ld_data.shards.fetching import fetch_shards
from ld_data.shards.plan import read_plan
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_shard
from ld_data.shards.root import ROOT_NAME, name_group, seal
from ld_data.storage.hashing import hash_file
from tests.support.fakes import FakeCodec
from tests.support.servers import serve
from tests.support.service import assert_error
from tests.support.shards import load_codec, make_folder

BIG = "/v1/datasets/big"


@pytest.fixture
def folder(release):
    """A sealed release of shards beside the small release."""
    folder, plan = make_folder(release.parent)
    seal(folder, plan)
    return folder


@pytest.fixture
def app(folder, store):
    with Catalogue() as catalogue:
        catalogue.add_all(folder.parent, lambda _: FakeCodec())
        yield make_app(catalogue, store)


@pytest.fixture
def client(app):
    return TestClient(app)


def test_a_sharded_release_is_listed_and_described(client, folder):
    listed = client.get("/v1/datasets").json()
    assert [release["name"] for release in listed["datasets"]] == ["fake-4"]
    (only,) = listed["sharded"]
    assert only == client.get(BIG).json()
    assert (only["rows"], only["shards"], only["release"]) == (50, 7, "fake-4")
    assert only["root_sha256"] == hash_file(folder / ROOT_NAME)
    assert client.get(f"{only['files']}plan.json").content == (folder / "plan.json").read_bytes()
    assert_error(client.get(f"{BIG}/scores"), 404, "unknown_name", "a sharded release", "no models")


def test_shards_have_ranges_and_tags(client, folder):
    path = folder / name_shard(4)
    answer = client.get(f"{BIG}/files/{path.name}")
    assert answer.content == path.read_bytes()
    assert answer.headers["ETag"] == f'"{hash_file(path)}"'
    part = client.get(f"{BIG}/files/{path.name}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, path.read_bytes()[10:20])
    again = client.get(f"{BIG}/files/{path.name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(f"{BIG}/files/{path.with_suffix('.json').name}").json()["number"] == 4
    for name in ("train-0000007.npz", "train-4.npz", "nope", ".train-0000001.npz.writing"):
        assert_error(client.get(f"{BIG}/files/{name}"), 404, "unknown_name", name, "plan.json")


def test_damaged_shards_and_roots_are_not_served(folder, store, release):
    shutil.copy(folder / name_shard(0), folder / name_shard(1))
    for name in ("other", "broken"):
        shutil.copytree(folder, folder.parent / name)
    broken = folder.parent / "broken" / "plan.json"
    broken.write_text("{}")
    with Catalogue() as catalogue:
        catalogue.add_all(folder.parent, lambda _: FakeCodec())
        client = TestClient(make_app(catalogue, store))
        assert_error(
            client.get(f"{BIG}/files/{name_shard(1)}"), 503, "not_ready", "train-0000001.npz of big is damaged"
        )
        assert client.get(f"{BIG}/files/{name_shard(2)}").status_code == 200
        assert_error(client.get("/v1/datasets/other"), 503, "not_ready", "holds the release big", "Rename")
        assert_error(client.get("/v1/datasets/broken"), 503, "not_ready", "not a plan of this format")
        assert client.get("/health").json()["status"] == "degraded"


@pytest.mark.slow
def test_rows_of_a_service_are_read_fetched_and_made(app, folder, tmp_path, monkeypatch):
    asked, expected = [], ShardedRows(folder).load(slice(None))
    plan = read_plan(folder)

    async def note(scope, receive, send):
        if scope["type"] == "http":
            asked.append(scope["path"].rpartition("/")[2])
        await app(scope, receive, send)

    with serve(note) as service:
        found = ld_data.load(service + BIG, rows=slice(20, 30))
        assert np.array_equal(found.x, expected.x[20:30])
        assert asked == ["plan.json", ROOT_NAME, name_group(0), name_shard(2), name_shard(3)]
        assert list(fetch_shards(service + BIG, tmp_path / "part", plan, range(2, 3))) == [2]
        assert np.array_equal(ld_data.load(tmp_path / "part", rows=slice(16, 24)).x, expected.x[16:24])
        (folder / name_shard(6)).unlink()
        with pytest.raises(InputError, match=r"shard 6 of big is not in http://127"):
            ld_data.load(service + BIG, rows=slice(48, 50))
        assert np.array_equal(ShardedRows(service + BIG, load_codec).load(slice(48, 50)).x, expected.x[48:])
        with pytest.raises(InputError, match=r"/nope holds no plan\.json"):
            ld_data.load(service + "/v1/datasets/nope", rows=slice(0, 5))
        monkeypatch.setenv(OFFLINE_VARIABLE, "1")
        with pytest.raises(MissingDataError, match=f"{OFFLINE_VARIABLE} forbids to read http"):
            ld_data.load(service + BIG, rows=slice(0, 5))
