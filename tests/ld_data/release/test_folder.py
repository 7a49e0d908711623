import shutil
from pathlib import Path

import numpy as np
import pytest

import ld_data
from ld_data.errors import IntegrityError, UnknownNameError
from ld_data.release.folder import find_release, list_releases, load, verify, verify_files
from ld_data.release.manifest import MANIFEST_NAME
from ld_data.storage.arrays import read_npz, write_npz


def test_a_release_is_found_by_name_and_by_folder(release):
    assert find_release("fake-4") == release
    assert find_release(release) == release
    assert list_releases() == ["fake-4"]


def test_an_unknown_name_is_refused_with_the_known_ones(release):
    with pytest.raises(UnknownNameError, match=r"no release 'nope'.*There: fake-4.*LD_DATA_CHECKPOINTS"):
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


def test_a_manifest_that_does_not_fit_the_arrays_is_refused(release):
    path = release / MANIFEST_NAME
    path.write_text(path.read_text().replace('"latent_dim": 4', '"latent_dim": 5'))
    with pytest.raises(IntegrityError, match="the manifest says d = 5"):
        verify(release)
