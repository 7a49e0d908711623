import contextlib
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

import ld_data
from api.releases.catalogue import Catalogue
from ld_data.errors import IntegrityError, StorageError, UnknownNameError
from ld_data.release.folder import find_release, list_releases, load, publish, verify, verify_files
from ld_data.release.manifest import MANIFEST_NAME
from ld_data.storage.arrays import read_npz, write_npz
from tests.support.fakes import FakeCodec


def test_a_release_is_found_by_name_and_by_folder(release):
    assert find_release("fake-4") == release
    assert find_release(release) == release
    assert list_releases() == ["fake-4"]


def test_an_unknown_name_is_refused_with_the_known_ones(release):
    with pytest.raises(UnknownNameError, match=r"no release 'nope'.*There: fake-4"):
        load("nope")


@pytest.mark.parametrize("file", ["data.npz", "model.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
def test_any_altered_file_is_caught(release, file, damage):
    path = release / file
    content = bytearray(path.read_bytes())
    if damage == "delete":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content if damage == "flip" else content[:-1])
    with pytest.raises(IntegrityError, match=file):
        verify(release)


def test_load_catches_an_altered_array_even_in_a_well_formed_file(release):
    arrays = read_npz(release / "data.npz")
    arrays["y_test"][0, 0] += 1
    write_npz(release / "data.npz", arrays)
    with pytest.raises(IntegrityError, match="y_test was altered"):
        load(release)


def test_a_folder_without_a_manifest_is_no_release(release):
    (release / MANIFEST_NAME).unlink()
    assert list_releases() == []
    with pytest.raises(IntegrityError, match="not a whole release"):
        load(release)


def test_verify_files_can_check_some_files_only(release):
    (release / "data.npz").write_bytes(b"")
    verify_files(release, ["model.json"])
    with pytest.raises(IntegrityError):
        verify_files(release)


STEPS = 8


class Killed(BaseException):
    """Stands in for the end of the process: nothing catches it."""


@pytest.fixture
def newer(release, tmp_path) -> Path:
    """A second version of the release, ready to be published."""
    folder = release.parent / ".fake-4.building"
    shutil.copytree(release, folder)
    manifest = (folder / MANIFEST_NAME).read_text()
    (folder / MANIFEST_NAME).write_text(manifest.replace('"1.0.0"', '"2.0.0"'))
    return folder


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_publisher_killed_at_any_step_leaves_a_whole_release(release, newer, monkeypatch, step):
    """Every rename and every removal of a folder is a step; the process ends before the given one."""
    count = 0

    def dying(function):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying(Path.rename))
        patch.setattr("ld_data.release.folder.shutil.rmtree", dying(shutil.rmtree))
        patch.setattr("ld_data.release.folder.os.fsync", dying(lambda descriptor: None))
        with contextlib.suppress(Killed):
            publish(newer, release)
    version = verify("fake-4").release_version
    assert version in ("1.0.0", "2.0.0")
    assert list_releases() == ["fake-4"]
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        assert catalogue.find("fake-4").manifest.release_version == version
    if newer.exists():  # the next publisher cleans up
        publish(newer, release)
    assert verify("fake-4").release_version == "2.0.0"
    assert {path.name for path in release.parent.iterdir()} <= {"fake-4", ".fake-4.previous"}


def test_publishing_has_no_other_steps(release, newer, monkeypatch):
    calls = []
    monkeypatch.setattr("ld_data.release.folder.os.fsync", lambda descriptor: calls.append("flush"))
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda *names: calls.append("rename") or rename(*names))
    publish(newer, release)
    assert len(calls) + 1 == STEPS  # and one removal


def test_publishing_replaces_a_release_whole(release, newer):
    (release / "left over").write_text("")
    publish(newer, release)
    assert {path.name for path in release.iterdir()} == {"data.npz", "model.json", MANIFEST_NAME}
    assert list(release.parent.iterdir()) == [release]


def test_a_dataset_is_loaded_with_its_manifest(release):
    data = ld_data.load("fake-4")
    assert data.manifest is not None
    assert data.manifest.name == data.name == "fake-4"
    assert np.isfinite(data.train.x).all()


def test_a_path_of_one_word_is_a_folder_too(release, checkpoints, tmp_path, monkeypatch):
    monkeypatch.chdir(release.parent.parent)
    shutil.copytree(release, tmp_path / "elsewhere")
    assert load("elsewhere").name == "fake-4"
    monkeypatch.chdir(release)
    assert load(".").name == "fake-4"
    assert find_release(Path(".")) == release


def test_a_name_without_a_release_is_a_clear_error(release, tmp_path, monkeypatch):
    (tmp_path / "empty" / "empty").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "empty" / "empty")
    for name in ("", "/", "..", "../..", "no/where"):
        with pytest.raises((UnknownNameError, IntegrityError), match=r"no release|not a whole release"):
            verify(name)


def test_a_folder_that_is_no_release_is_never_replaced(newer, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("")
    with pytest.raises(StorageError, match="is not a release, so it is not replaced"):
        publish(newer, tmp_path / "photos")
    assert (tmp_path / "photos" / "a.jpg").exists()
    assert newer.exists()


def test_readers_see_a_whole_release_while_it_is_replaced(release, tmp_path):
    def replace_again_and_again():
        for number in range(30):
            copy = release.parent / f".copy-{number}"
            shutil.copytree(tmp_path / "original", copy)
            publish(copy, release)

    shutil.copytree(release, tmp_path / "original")
    writer = threading.Thread(target=replace_again_and_again)
    writer.start()
    reads = 0
    while writer.is_alive():
        assert load("fake-4").name == "fake-4"
        reads += 1
    writer.join()
    assert reads > 0


def test_a_manifest_that_does_not_fit_the_arrays_is_refused(release):
    path = release / MANIFEST_NAME
    path.write_text(path.read_text().replace('"latent_dim": 4', '"latent_dim": 5'))
    with pytest.raises(IntegrityError, match="the manifest says d = 5"):
        verify(release)
