"""Datasets at an address, from a real service; tests/vae/test_codec_addresses.py has the models, and the cache."""

import numpy as np
import pytest

import ld_data
from api.app import make_app
from api.releases.catalogue import Catalogue
from eval import evaluate
from ld_data import settings as locations
from ld_data.errors import DownloadError, IntegrityError, MissingDataError
from tests.support.fakes import FakeCodec, add_shifts
from tests.support.servers import serve


@pytest.fixture
def address(service):
    return f"{service}/v1/datasets/fake-4"


@pytest.mark.slow
def test_a_release_of_a_service_is_loaded_from_its_address(address, release, cache, monkeypatch):
    data, expected = ld_data.load(address), ld_data.load(release)
    assert data.name == "fake-4"
    assert np.array_equal(data.train.x, expected.train.x)
    assert evaluate(np.zeros_like, address) == evaluate(np.zeros_like, release)
    (kept,) = (folder for folder in (cache / "data").iterdir() if folder.name != "addresses")
    assert {path.name for path in kept.iterdir()} == {"data.npz", "manifest.json"}  # not the models
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    assert ld_data.load(f"{address}/").test_sha256 == expected.test_sha256
    with pytest.raises(MissingDataError, match=r"the data of .*other are not in"):
        ld_data.load(f"{address}-other")
    (kept / "data.npz").write_bytes(b"")
    with pytest.raises(IntegrityError, match=r"data\.npz"):
        ld_data.load(address)


@pytest.mark.slow
def test_shifts_are_fetched_when_they_are_asked_for(release, store, cache, monkeypatch):
    with Catalogue() as catalogue:
        catalogue.add_all(add_shifts(release).parent, lambda folder: FakeCodec())
        with serve(make_app(catalogue, store)) as service:
            data = ld_data.load(f"{service}/v1/datasets/fake-4")
            (kept,) = (folder for folder in (cache / "data").iterdir() if folder.name != "addresses")
            assert {path.name for path in kept.iterdir()} == {"data.npz", "manifest.json"}
            assert np.array_equal(data.shifted("scale").test.x, data.test.x * 2)
            assert {path.name for path in kept.iterdir()} == {"data.npz", "manifest.json", "test_x.scale.npy"}
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    assert np.array_equal(data.shifted("scale").test.x, data.test.x * 2)
    with pytest.raises(MissingDataError, match=r"the data of .*fake-4 are not in .* forbids the download"):
        data.shifted("noise")


@pytest.mark.slow
def test_an_address_without_a_release_is_refused(address, cache):
    with pytest.raises(DownloadError, match=r"-other has no data: there is no .*Name the address of a release"):
        ld_data.load(f"{address}-other")
