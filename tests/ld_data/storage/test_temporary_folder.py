"""The temporary folder of a process: deleted at its end, or by the next process after a kill."""

import os
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from ld_data.storage.temporary_folder import LOCK, PREFIX, make_temporary_folder, use_temporary_folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_is_deleted_afterwards(place):
    with make_temporary_folder() as folder:
        assert folder.parent == place
        (folder / "file").touch()
    assert list(place.iterdir()) == []


def test_the_folder_of_a_killed_process_is_deleted_and_no_other(place):
    for name in (f"{PREFIX}killed", f"{PREFIX}alive", "ld-data-soak-x"):
        (place / name).mkdir()
        (place / name / LOCK).touch()
        (place / name / "file").touch()
    with FileLock(place / f"{PREFIX}alive" / LOCK), make_temporary_folder() as folder:
        assert {path.name for path in place.iterdir()} == {f"{PREFIX}alive", "ld-data-soak-x", folder.name}


def test_two_processes_keep_their_folders(place):
    with make_temporary_folder() as first, make_temporary_folder() as second:
        assert first.is_dir()
        assert second.is_dir()
        assert first != second


def test_all_temporary_files_of_a_process_and_its_children_are_in_its_folder(place, monkeypatch):
    monkeypatch.setenv("TMPDIR", "usual")
    with use_temporary_folder():
        handle, path = tempfile.mkstemp()
        os.close(handle)
        assert Path(path).parent.parent == place
        assert os.environ["TMPDIR"] == str(Path(path).parent)
    assert os.environ["TMPDIR"] == "usual"
    assert list(place.iterdir()) == []
    assert tempfile.gettempdir() == str(place)
