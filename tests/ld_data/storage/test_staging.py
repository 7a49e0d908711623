import ast
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ld_data.errors import DownloadError, InputError, StorageError
from ld_data.storage.staging import (
    check_new_file,
    check_new_folder,
    has_name,
    make_staging_folder,
    stage_file,
    stage_new_folder,
    take_place,
)
from tests.support.paths import ROOT

HOLD = """
import sys, pathlib
from ld_data.storage.staging import make_staging_folder
with make_staging_folder(pathlib.Path(sys.argv[1]), "a") as folder:
    (folder / "half").write_text("half")
    print("holding", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other_writer(tmp_path):
    """A process that is writing `a`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_the_folder_is_empty_and_gone_afterwards(tmp_path):
    with make_staging_folder(tmp_path / "new", "a") as folder:
        assert folder.parent == tmp_path / "new"
        assert list(folder.iterdir()) == []
        (folder / "sub").mkdir()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_renamed_folder_stays(tmp_path):
    with make_staging_folder(tmp_path, "a") as folder:
        (folder / "file").write_text("whole")
        folder.rename(tmp_path / "a")
    assert (tmp_path / "a" / "file").read_text() == "whole"


def test_a_file_takes_its_place_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "file"
    for text in ("old", "whole"):
        with stage_file(path) as draft:
            draft.write_text(text)
    with pytest.raises(ZeroDivisionError), stage_file(path) as draft:
        assert draft.write_text("half") / 0
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_content_is_on_the_disk_before_its_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    """A power failure then leaves the old file or the new one, never a name without content."""
    steps, fsync, replace = [], os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append(name_of(descriptor)) or fsync(descriptor))
    monkeypatch.setattr(Path, "replace", lambda draft, place: steps.append("rename") or replace(draft, place))
    with stage_file(tmp_path / "file") as draft:
        draft.write_text("whole")
    assert steps == ["file", "rename", tmp_path.name]
    steps.clear()
    (tmp_path / "draft" / "sub").mkdir(parents=True)
    (tmp_path / "draft" / "sub" / "file").write_text("whole")
    take_place(tmp_path / "draft", tmp_path / "folder")
    assert steps == ["sub", "file", "draft", "rename", tmp_path.name]


def name_of(descriptor):
    return Path(os.readlink(f"/proc/self/fd/{descriptor}")).name


@pytest.mark.untraced
@pytest.mark.parametrize("package", ["ld_data", "vae", "eval", "api"])
def test_no_other_function_gives_files_their_names(package):
    """`release.publication` also renames what steps aside, and `remote.transfer` moves a draft between file systems.

    A temporary folder of the service need not survive the machine.
    """
    renaming = {
        f"{path.relative_to(ROOT)}"
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("rename", "move", "replace") and len(node.args) == 1 + (node.func.attr == "move")
    }
    others = ("ld_data/release/publication.py", "ld_data/remote/transfer.py", "ld_data/storage/temporary_folder.py")
    assert renaming <= {"ld_data/storage/staging.py", *others}


def test_the_next_writer_s_folder_survives_the_end_of_this_one(tmp_path):
    """Between the rename and the end of the block, the name is free for another writer."""
    with make_staging_folder(tmp_path, "a") as folder:
        folder.rename(tmp_path / "a")
        with make_staging_folder(tmp_path, "a") as other:
            (other / "file").write_text("whole")
            other.rename(tmp_path / "kept")
        folder.mkdir()
        (folder / "half").write_text("another writer's")
    assert (tmp_path / ".a.writing" / "half").exists()
    assert (tmp_path / "kept" / "file").read_text() == "whole"


@pytest.mark.slow
def test_two_writers_of_one_name_do_not_mix(tmp_path, other_writer):
    with pytest.raises(StorageError, match="another process is writing a"), make_staging_folder(tmp_path, "a"):
        pass
    assert (tmp_path / ".a.writing" / "half").exists()
    with make_staging_folder(tmp_path, "b") as folder:
        assert folder.exists()


@pytest.mark.slow
def test_a_waiting_writer_is_next_and_says_so(tmp_path, other_writer, capsys):
    entered = []

    def write():
        with make_staging_folder(tmp_path, "a", wait=True) as folder:
            entered.append(list(folder.iterdir()))

    waiting = threading.Thread(target=write)
    waiting.start()
    while "waiting for another process that is writing a" not in capsys.readouterr().err:
        assert waiting.is_alive()
        waiting.join(0.01)
    assert entered == []
    other_writer.stdin.write("\n")
    other_writer.stdin.flush()
    waiting.join(30)
    assert entered == [[]]
    assert list(tmp_path.iterdir()) == []


def test_many_waiting_writers_all_get_their_turn(tmp_path):
    def write(number):
        with make_staging_folder(tmp_path, "a", wait=True) as folder:
            (folder / "file").write_text(f"{number}")
            if number % 2:
                folder.rename(tmp_path / f"{number}")

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert {path.name: (path / "file").read_text() for path in tmp_path.iterdir()} == {n: n for n in "1357"}


def test_a_folder_that_another_writer_deletes_while_it_is_made_is_made_again(tmp_path, monkeypatch):
    answers = iter([True])  # of another writer, that the folder exists: it deletes it afterwards

    def find_then_lose(folder, *arguments, **options):
        if folder.name == ".a.writing" and next(answers, False):
            raise FileExistsError(errno.EEXIST, "File exists")
        return mkdir(folder, *arguments, **options)

    mkdir = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", find_then_lose)
    with make_staging_folder(tmp_path, "a") as folder:
        assert list(folder.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_a_clear_error(tmp_path):
    (tmp_path / ".a.writing").touch()
    with (
        pytest.raises(StorageError, match=r"could not write a in .*Not a directory"),
        make_staging_folder(tmp_path, "a"),
    ):
        pass


@pytest.mark.slow
def test_the_leftovers_of_a_killed_writer_are_cleared(tmp_path, other_writer):
    other_writer.kill()
    other_writer.wait()
    assert (tmp_path / ".a.writing" / "half").exists()
    with make_staging_folder(tmp_path, "a") as folder:
        assert list(folder.iterdir()) == []


def test_a_refusing_disk_is_a_clear_error_and_other_errors_pass_through(tmp_path):
    with pytest.raises(StorageError, match=r"could not write a in .*No space left"), make_staging_folder(tmp_path, "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DownloadError, match="no mirror"), make_staging_folder(tmp_path, "a"):
        raise DownloadError("no mirror")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_others_keep_renaming_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("ld_data.storage.staging.has_name", lambda descriptor, path: False)
    with pytest.raises(StorageError, match="renamed again and again"), make_staging_folder(tmp_path, "a"):
        pass


def test_a_descriptor_has_the_name_of_its_file_until_it_is_renamed(tmp_path):
    path = tmp_path / "file"
    path.write_text("text")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert has_name(descriptor, path)
        path.rename(tmp_path / "other")
        assert not has_name(descriptor, path)
        path.write_text("text")
        assert not has_name(descriptor, path)
    finally:
        os.close(descriptor)


def test_a_new_folder_may_be_an_empty_one(tmp_path):
    for name in ("new", "empty"):
        with stage_new_folder(tmp_path / name) as staging:
            (tmp_path / "empty").mkdir(exist_ok=True)
            (staging / "file").write_text(name)
        assert (tmp_path / name / "file").read_text() == name
        with pytest.raises(InputError, match=f"{name} exists and is not overwritten"):
            check_new_folder(tmp_path / name)
        with pytest.raises(InputError, match="not overwritten"), stage_new_folder(tmp_path / name / "file"):
            pass


def test_a_new_file_needs_a_folder_and_a_free_name(tmp_path):
    check_new_file(tmp_path / "a")
    with pytest.raises(InputError, match="no folder"):
        check_new_file(tmp_path / "nowhere" / "a")
    (tmp_path / "b").symlink_to(tmp_path / "nothing")
    with pytest.raises(InputError, match="is not overwritten"):
        check_new_file(tmp_path / "b")
