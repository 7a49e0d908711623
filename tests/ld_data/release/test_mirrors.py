"""Downloads from mirrors: plain web servers with folders of releases."""

import shutil

import pytest
from starlette.staticfiles import StaticFiles

from ld_data.errors import DownloadError, InputError
from ld_data.release.download import fetch_release
from tests.support.servers import serve

NOBODY = "http://127.0.0.1:9"

pytestmark = [pytest.mark.usefixtures("cache"), pytest.mark.slow]


@pytest.fixture
def folders(release, tmp_path):
    """Two folders of releases, each with the small release."""
    for name in ("first", "second"):
        shutil.copytree(release, tmp_path / name / release.name)
    return tmp_path / "first", tmp_path / "second"


@pytest.fixture
def addresses(folders):
    """The addresses of two mirrors."""
    with serve(StaticFiles(directory=folders[0])) as first, serve(StaticFiles(directory=folders[1])) as second:
        yield first, second


@pytest.fixture(autouse=True)
def one_try(monkeypatch):
    monkeypatch.setattr("ld_data.remote.transfer.TRIES", 1)


def test_the_first_mirror_that_answers_delivers(addresses, release, tmp_path):
    delivery = fetch_release("fake-4", NOBODY, tmp_path / "new", mirrors=[NOBODY, addresses[1]])
    assert delivery.place == f"{addresses[1]}/fake-4"
    for path in release.iterdir():
        assert (delivery.folder / path.name).read_bytes() == path.read_bytes()


def test_a_mirror_may_name_the_place_of_the_release(folders, addresses, tmp_path):
    (folders[0] / "fake-4").rename(folders[0] / "main")
    mirrors = [f"{addresses[0]}/{{release}}/resolve", f"{addresses[0]}/main"]
    with pytest.raises(DownloadError, match=r"none of 3 places has fake-4.*(?s:.*)fake-4/resolve.*(?s:.*)main/fake-4"):
        fetch_release("fake-4", NOBODY, tmp_path / "new", mirrors=mirrors)
    (folders[0] / "fake-4").mkdir()
    (folders[0] / "main").rename(folders[0] / "fake-4" / "resolve")
    assert fetch_release("fake-4", NOBODY, tmp_path / "new", mirrors=mirrors).fetched


def test_a_damaged_file_comes_from_the_next_mirror(folders, addresses, release, tmp_path):
    (folders[0] / "fake-4" / "data.npz").write_bytes(b"damaged")
    delivery = fetch_release("fake-4", NOBODY, tmp_path / "new", mirrors=addresses)
    assert delivery.place == f"{addresses[0]}/fake-4"
    assert (delivery.folder / "data.npz").read_bytes() == (release / "data.npz").read_bytes()


def test_a_file_that_is_damaged_everywhere_leaves_nothing(folders, addresses, tmp_path):
    for folder in folders:
        (folder / "fake-4" / "data.npz").write_bytes(b"damaged")
    with pytest.raises(DownloadError, match=r"could not download data\.npz.*expected sha256"):
        fetch_release("fake-4", NOBODY, tmp_path / "new", mirrors=addresses)
    assert list((tmp_path / "new").glob("*")) == []


def test_a_mirror_with_another_release_of_that_name_is_passed_over(folders, addresses, tmp_path):
    manifest = folders[0] / "fake-4" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"fake-4"', '"other-4"'))
    assert fetch_release("fake-4", NOBODY, tmp_path / "new", mirrors=addresses).place.startswith(addresses[1])


def test_a_mirror_that_is_no_address_is_refused(tmp_path):
    with pytest.raises(InputError, match="http or https"):
        fetch_release("fake-4", NOBODY, tmp_path, mirrors=["hub.example.org"])
