"""Downloading, against a real server on loopback."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from threading import Event

import pytest
from anyio import to_thread

from api.app import make_app
from ld_data.errors import DownloadError, InputError, IntegrityError, MissingDataError, StorageError
from ld_data.release.download import fetch_release
from ld_data.release.manifest import read_manifest
from ld_data.remote.transfer import partial_path
from tests.support.fakes import FakeCodec, build_release, make_plan, make_source
from tests.support.servers import Answer, serve, serve_answers, wait_until

NOBODY = "http://127.0.0.1:9"
PAGE = Answer(200, b"<html>")
DOWNLOAD = """
import pathlib, sys
from ld_data.release.download import fetch_release
print(fetch_release("fake-4", sys.argv[1], pathlib.Path(sys.argv[2])).fetched)
"""

pytestmark = pytest.mark.usefixtures("cache")


class Door:
    """Lets requests through to an app, keeps which file and range each asked for, and refuses those for some files."""

    def __init__(self, app):
        self.app, self.asked, self.refused, self.gate = app, [], set(), Event()
        self.gate.set()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            file = scope["path"].rpartition("/")[2]
            self.asked.append((file, dict(scope["headers"]).get(b"range")))
            if file in self.refused:
                scope = scope | {"path": "/nowhere"}
            if file == "data.npz":
                await to_thread.run_sync(self.gate.wait)
        await self.app(scope, receive, send)


@pytest.fixture
def door(catalogue, store):
    return Door(make_app(catalogue, store))


@pytest.fixture
def watched_service(door):
    with serve(door) as address:
        yield address


@pytest.fixture
def service(catalogue, store):
    with serve(make_app(catalogue, store)) as address:
        yield address


def test_a_downloaded_release_is_the_served_one(service, release, tmp_path):
    folder = fetch_release("fake-4", service, tmp_path / "new").folder
    for path in release.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.slow
def test_a_download_replaces_an_older_release_whole(service, release, tmp_path):
    older = fetch_release("fake-4", service, tmp_path / "new").folder
    (older / "old").write_text("")
    (older / "data.npz").write_bytes(b"damaged")
    folder = fetch_release("fake-4", service, tmp_path / "new").folder
    assert {path.name for path in folder.iterdir()} == {path.name for path in release.iterdir()}


@pytest.mark.slow
def test_a_whole_release_is_not_fetched_again(service, tmp_path):
    first = fetch_release("fake-4", service, tmp_path)
    folder = first.folder
    stamps = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    second = fetch_release("fake-4", service, tmp_path)
    assert (first.fetched, second.fetched) == (True, False)
    assert second == replace(first, fetched=False)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == stamps


@pytest.mark.slow
def test_downloaded_files_have_the_modes_of_others(service, tmp_path):
    (tmp_path / "other").write_text("")
    for path in fetch_release("fake-4", service, tmp_path).folder.iterdir():
        assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_is_no_release_is_never_replaced(service, tmp_path):
    (tmp_path / "fake-4").mkdir()
    (tmp_path / "fake-4" / "photo.jpg").write_text("")
    with pytest.raises(StorageError, match="is not a release, so it is not replaced"):
        fetch_release("fake-4", service, tmp_path)
    assert (tmp_path / "fake-4" / "photo.jpg").exists()


@pytest.mark.slow
def test_a_release_of_another_source_is_only_replaced_on_request(service, tmp_path):
    own = build_release(replace(make_source(), name="own"), FakeCodec(), make_plan(), tmp_path)
    with pytest.raises(InputError, match=r"fake-4 is a release of another source: there of own.*--replace"):
        fetch_release("fake-4", service, tmp_path)
    assert read_manifest(own).source["name"] == "own"
    assert fetch_release("fake-4", service, tmp_path, replaces=True).fetched
    assert read_manifest(own).source["name"] == "fake"


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b"])
def test_a_name_that_leads_elsewhere_is_not_downloaded(service, tmp_path, name):
    with pytest.raises(InputError, match="a release name has"):
        fetch_release(name, service, tmp_path)


def test_a_download_that_fails_leaves_nothing_new(service, release, tmp_path):
    (release / "data.npz").write_bytes(b"altered after it was verified")
    with pytest.raises(DownloadError, match=r"data\.npz.*503"):
        fetch_release("fake-4", service, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.slow
def test_a_file_of_which_a_part_has_arrived_is_continued(watched_service, door, release, tmp_path):
    content = (release / "data.npz").read_bytes()
    path = partial_path(sha256(content).hexdigest())
    path.parent.mkdir()
    path.write_bytes(content[:1000])
    folder = fetch_release("fake-4", watched_service, tmp_path).folder
    assert (folder / "data.npz").read_bytes() == content
    assert [range_ for file, range_ in door.asked if file == "data.npz"] == [b"bytes=1000-"]


@pytest.mark.slow
def test_files_that_arrived_before_a_failure_are_not_fetched_again(watched_service, door, release, tmp_path):
    files = {path.name for path in release.iterdir()}
    last = list(read_manifest(release).files)[-1]
    door.refused.add(last)
    with pytest.raises(DownloadError, match=f"{last}.*404"):
        fetch_release("fake-4", watched_service, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    door.refused.clear()
    folder = fetch_release("fake-4", watched_service, tmp_path / "new").folder
    assert {path.name for path in folder.iterdir()} == files
    asked = [file for file, _ in door.asked]
    assert {file: asked.count(file) for file in files} == dict.fromkeys(files, 1) | {"manifest.json": 2, last: 2}


@pytest.mark.slow
def test_a_download_waits_for_another_process_that_fetches_the_release(watched_service, door, release, tmp_path):
    door.gate.clear()
    command = [sys.executable, "-c", DOWNLOAD, watched_service, str(tmp_path / "new")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as first:
        wait_until(lambda: ("data.npz", None) in door.asked)
        with subprocess.Popen(command, **pipes) as second:
            assert "waiting for another process that is writing fake-4" in second.stderr.readline()
            door.gate.set()
            assert (first.communicate()[0], second.communicate()[0]) == ("True\n", "False\n")
    assert [file for file, _ in door.asked].count("data.npz") == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["fake-4"]


def test_an_address_that_is_no_such_service_is_reported(service, tmp_path, monkeypatch):
    with pytest.raises(DownloadError, match=r"answered 404.*no release 'nope'"):
        fetch_release("nope", service, tmp_path)
    with pytest.raises(DownloadError, match=r"no answer from .*make serve"):
        fetch_release("fake-4", NOBODY, tmp_path)
    with pytest.raises(InputError, match="http or https"):
        fetch_release("fake-4", "localhost:8000", tmp_path)
    with serve_answers(lambda asked: PAGE) as (address, _), pytest.raises(IntegrityError, match="not a manifest"):
        fetch_release("fake-4", address, tmp_path)
    monkeypatch.setenv("LD_DATA_OFFLINE", "1")
    with pytest.raises(MissingDataError, match="LD_DATA_OFFLINE"):
        fetch_release("fake-4", service, tmp_path)


def test_the_manifest_is_checked_before_anything_is_fetched(service, tmp_path, monkeypatch):
    monkeypatch.setattr("ld_data.release.download.fetch_bytes", lambda address, most: b"<html>")
    with pytest.raises(IntegrityError, match="not a manifest"):
        fetch_release("fake-4", service, tmp_path / "new")
    assert not (tmp_path / "new").exists()
