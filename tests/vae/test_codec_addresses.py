import re
import shutil

import numpy as np
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from ld_data import settings as locations
from ld_data.errors import DownloadError, InputError, IntegrityError, MissingDataError, StorageError
from ld_data.release.address import join_address
from ld_data.release.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES
from tests.support.paths import ROOT
from tests.support.servers import serve
from vae.preset import PRESET_NAME

RELEASE = ROOT / "checkpoints" / "ld-mnist1d-32"
FILES = {"model.json", "cells.npz", "x.encoder.onnx", "x.decoder.onnx"}


@pytest.fixture(scope="module")
def codec():
    return vae.load(RELEASE)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(locations.OFFLINE_VARIABLE, raising=False)
    return tmp_path / "cache" / "models"


@pytest.fixture
def site(tmp_path):
    """A folder that is served, its address, and the paths that were asked for."""
    folder, asked = tmp_path / "site", []
    folder.mkdir()
    app = FastAPI()

    @app.middleware("http")
    async def note(request: Request, call_next):
        asked.append(request.url.path)
        return await call_next(request)

    @app.get("/broken/{file}")
    async def break_down(file: str):
        return Response("out of order", 503)

    app.mount("/", StaticFiles(directory=folder))
    with serve(app) as address:
        yield folder, address, asked


@pytest.fixture
def preset(site, codec):
    """The address of a preset, the folder that it is served from, and the paths that were asked for."""
    folder, address, asked = site
    codec.save_to_preset(folder / "preset")
    return f"{address}/preset", folder / "preset", asked


def same(first, second):
    x = np.random.default_rng(0).normal(size=(3, 32))
    encoded = (codec.y.encode([1, 2], seed=3) for codec in (first, second))
    return np.array_equal(first.x.decode(x), second.x.decode(x)) and np.array_equal(*encoded)


def list_kept(cache):
    """The files of the one folder of models in the cache."""
    (folder,) = (path for path in cache.iterdir() if path.name != "addresses")
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_a_release_of_a_service_is_loaded_from_its_address(codec, cache, tmp_path, store):
    shutil.copytree(RELEASE, tmp_path / "checkpoints" / RELEASE.name)
    with Catalogue() as catalogue:
        catalogue.add_all(tmp_path / "checkpoints", vae.load)
        with serve(make_app(catalogue, store)) as address:
            for end in ("", "/"):
                assert same(vae.load(f"{address}/v1/datasets/{RELEASE.name}{end}"), codec)
            with pytest.raises(DownloadError, match=r"has no models.*Name the address of a release"):
                vae.load(f"{address}/v1/datasets/nope")
            with pytest.raises(DownloadError, match="has no models"):
                vae.load(address)
    assert list_kept(cache) == {*FILES, MANIFEST_NAME}  # not the data


@pytest.mark.slow
def test_a_folder_with_a_manifest_is_loaded(codec, cache, site):
    folder, address, asked = site
    shutil.copytree(RELEASE, folder / "release")
    assert same(vae.load(f"{address}/release"), codec)
    assert list_kept(cache) == {*FILES, MANIFEST_NAME}
    assert sorted(asked) == sorted(f"/release/{name}" for name in {*FILES, MANIFEST_NAME})


@pytest.mark.slow
def test_a_folder_with_a_preset_is_loaded(codec, cache, preset):
    address, folder, _ = preset
    assert same(vae.load(address), codec)
    assert list_kept(cache) == {*FILES, PRESET_NAME}
    for path in folder.iterdir():
        (kept,) = cache.glob(f"*/{path.name}")
        assert kept.read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_whole_files_are_not_fetched_again(cache, preset):
    address, _, asked = preset
    vae.load(address)
    asked.clear()
    vae.load(f"{address}/")
    assert asked == ["/preset/manifest.json", "/preset/preset.json"]


@pytest.mark.slow
def test_a_damaged_copy_is_replaced(codec, cache, preset):
    address, _, asked = preset
    vae.load(address)
    (kept,) = cache.glob("*/x.decoder.onnx")
    content = bytearray(kept.read_bytes())
    content[1000] ^= 1
    kept.write_bytes(content)
    asked.clear()
    assert same(vae.load(address), codec)
    assert set(asked[2:]) == {"/preset/x.decoder.onnx"}


@pytest.mark.slow
def test_another_preset_at_the_address_is_kept_beside(codec, cache, preset):
    address, folder, _ = preset
    vae.load(address)
    text = (folder / PRESET_NAME).read_text()
    (folder / PRESET_NAME).write_text(text + "\n")
    assert same(vae.load(address), codec)
    assert len(list(cache.glob(f"*/{PRESET_NAME}"))) == 2


@pytest.mark.slow
def test_a_file_that_is_not_what_the_preset_says_is_refused_and_not_kept(cache, preset):
    address, folder, _ = preset
    (folder / "x.encoder.onnx").write_bytes(b"another")
    with pytest.raises(DownloadError, match=r"x\.encoder\.onnx"):
        vae.load(address)
    assert not list(cache.glob("*/x.encoder.onnx"))
    assert not list(cache.glob(f"*/{PRESET_NAME}"))


@pytest.mark.slow
def test_offline_what_is_kept_is_loaded_and_nothing_is_asked(codec, cache, preset, monkeypatch):
    address, _, asked = preset
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    with pytest.raises(MissingDataError, match="LD_DATA_OFFLINE forbids the download"):
        vae.load(address)
    monkeypatch.delenv(locations.OFFLINE_VARIABLE)
    vae.load(address)
    asked_before = list(asked)
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    assert same(vae.load(address), codec)
    assert asked == asked_before


@pytest.mark.slow
def test_offline_a_damaged_copy_is_refused(cache, preset, monkeypatch):
    address, _, _ = preset
    vae.load(address)
    (kept,) = cache.glob("*/cells.npz")
    kept.write_bytes(b"")
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    with pytest.raises(IntegrityError, match=r"cells\.npz"):
        vae.load(address)


@pytest.mark.slow
def test_a_note_of_an_address_that_names_no_folder_is_not_followed(cache, preset, monkeypatch):
    address, _, _ = preset
    vae.load(address)
    (note,) = (cache / "addresses").iterdir()
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    for content in ("../../preset", "0" * 64, ""):
        note.write_text(content)
        with pytest.raises(MissingDataError):
            vae.load(address)


def test_a_preset_whose_hash_is_a_path_is_refused_and_that_path_left_alone(cache, preset, tmp_path):
    address, folder, _ = preset
    victim = tmp_path / "v"
    victim.write_text("precious")
    text = (folder / PRESET_NAME).read_text()
    (sha256, *_) = re.findall("[0-9a-f]{64}", text)
    path = "../..".ljust(63, "/") + "v"  # from the folder of partial downloads, in as many characters as a hash has
    (folder / PRESET_NAME).write_text(text.replace(sha256, path))
    with pytest.raises(IntegrityError, match="must have 64 hexadecimal digits"):
        vae.load(address)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("content", [b"<html>", b"{}", b"\xff\xff"])
@pytest.mark.parametrize("name", [MANIFEST_NAME, PRESET_NAME])
def test_a_page_in_place_of_a_description_is_refused(cache, site, name, content):
    folder, address, _ = site
    (folder / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"{address}/{name}: not a (manifest|preset)"):
        vae.load(address)
    assert not cache.exists()


def test_a_description_of_a_size_that_none_has_is_not_taken(cache, site):
    folder, address, _ = site
    (folder / PRESET_NAME).write_bytes(b" " * (MAX_MANIFEST_BYTES + 1))
    with pytest.raises(DownloadError, match="expected at most 1048576 bytes; it sends more"):
        vae.load(address)


def test_a_server_that_fails_is_told_from_one_that_has_nothing(cache, site):
    _, address, _ = site
    with pytest.raises(DownloadError, match="answered 503: out of order"):
        vae.load(f"{address}/broken")


def test_a_server_that_is_not_there_is_told(cache):
    with pytest.raises(DownloadError, match="no answer from"):
        vae.load("http://127.0.0.1:9/models")


@pytest.mark.parametrize("address", ["http://", "https:///models", "http://[/models", "http://a/\udcff"])
def test_a_malformed_address_is_refused(cache, address):
    with pytest.raises(InputError, match="expected an address such as"):
        vae.load(address)


def test_a_cache_that_cannot_be_written_is_told(cache, preset):
    address, _, _ = preset
    cache.parent.write_text("a file")
    with pytest.raises(StorageError, match=r"could not write .*LD_DATA_CACHE"):
        vae.load(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://a/b", "http://a/b/c%20d"),
        ("http://a/b//", "http://a/b/c%20d"),
        ("https://a:1", "https://a:1/c%20d"),
        ("http://a/b?token=1#end", "http://a/b/c%20d?token=1"),
    ],
)
def test_files_lie_below_the_address(address, expected):
    assert join_address(address, "c d") == expected
