import errno
import subprocess
import sys
import threading

import pytest

from ld_data.errors import DownloadError, StorageError
from ld_data.storage.staging import make_staging_folder, stage_file

HOLD = """
import sys, pathlib
from ld_data.staging import make_staging_folder
with make_staging_folder(pathlib.Path(sys.argv[1]), "a") as folder:
    (folder / "half").write_text("half")
    print("holding", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other_writer(tmp_path):
    """Another process that is writing `a`."""
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


def test_what_was_renamed_stays(tmp_path):
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


def test_two_writers_of_one_name_do_not_mix(tmp_path, other_writer):
    with pytest.raises(StorageError, match="another process is writing a"), make_staging_folder(tmp_path, "a"):
        pass
    assert (tmp_path / ".a.writing" / "half").exists()
    with make_staging_folder(tmp_path, "b") as folder:
        assert folder.exists()


def test_who_waits_is_next_and_says_so(tmp_path, other_writer, capsys):
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


def test_many_who_wait_all_get_their_turn(tmp_path):
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


def test_what_a_killed_writer_left_is_cleared(tmp_path, other_writer):
    other_writer.kill()
    other_writer.wait()
    assert (tmp_path / ".a.writing" / "half").exists()
    with make_staging_folder(tmp_path, "a") as folder:
        assert list(folder.iterdir()) == []


def test_a_refusing_disk_is_a_clear_error_and_ours_pass_through(tmp_path):
    with pytest.raises(StorageError, match=r"could not write a in .*No space left"), make_staging_folder(tmp_path, "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DownloadError, match="no mirror"), make_staging_folder(tmp_path, "a"):
        raise DownloadError("no mirror")
    assert list(tmp_path.iterdir()) == []
