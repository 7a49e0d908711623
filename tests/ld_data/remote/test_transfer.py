"""Downloads from real servers that break off, ignore ranges, or have another file."""

import errno
import hashlib
import os
import subprocess
import sys
import threading

import pytest

from ld_data.errors import DownloadError, MissingDataError, StorageError
from ld_data.remote.transfer import Content, fetch_file, fetch_to_cache, partial_path
from tests.support.servers import Answer, in_turn, serve_answers, wait_until

CONTENT = bytes(range(256)) * 1000
HALF = len(CONTENT) // 2
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ETAG = f'"{SHA256}"'
NO_SERVER = "http://127.0.0.1:9"
FETCH = """
import pathlib, sys
from ld_data.remote.transfer import Content, fetch_file
fetch_file(Content("f", [sys.argv[1]], sys.argv[3]), pathlib.Path(sys.argv[2]))
print("fetched")
"""

pytestmark = pytest.mark.usefixtures("cache")


def give(asked, content=CONTENT, etag=ETAG, **kwargs):
    """The answer of a server that knows ranges."""
    wanted, condition = asked.headers.get("Range"), asked.headers.get("If-Range")
    if wanted is None or condition not in (None, etag):
        return Answer(200, content, {"ETag": etag}, **kwargs)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        return Answer(416, headers={"Content-Range": f"bytes */{len(content)}"})
    part = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return Answer(206, content[start:], {"ETag": etag, "Content-Range": part}, **kwargs)


def break_off(asked):
    return give(asked, sent=HALF)


def ranges(asked):
    return [request.headers.get("Range") for request in asked]


def keep_partial(content):
    path = partial_path(SHA256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_file_arrives_whole_and_alone(tmp_path, cache):
    with serve_answers(give) as (address, asked):
        path = fetch_file(Content("f", [address], SHA256), tmp_path / "new" / "f")
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert [entry for entry in cache.rglob("*") if entry.is_file()] == []
    assert len(asked) == 1


def test_a_download_that_breaks_off_continues_where_it_broke(tmp_path):
    with serve_answers(in_turn(break_off, give)) as (address, asked):
        path = fetch_file(Content("f", [address], SHA256, etag=ETAG), tmp_path / "f")
    assert path.read_bytes() == CONTENT
    assert ranges(asked) == [None, f"bytes={HALF}-"]
    assert asked[1].headers["If-Range"] == ETAG


def test_the_next_download_continues_what_the_last_one_left(tmp_path):
    with serve_answers(in_turn(break_off, None)) as (address, _):
        with pytest.raises(DownloadError, match=f"The {HALF} bytes that have arrived are kept"):
            fetch_file(Content("f", [address], SHA256), tmp_path / "f")
        assert not list(tmp_path.glob("**/f*"))
    with serve_answers(give) as (other_mirror, asked):
        fetch_file(Content("f", [other_mirror], SHA256), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert ranges(asked) == [f"bytes={HALF}-"]
    assert "If-Range" not in asked[0].headers  # the mirror may have another entity tag for the same file


def test_a_mirror_continues_the_part_of_another(tmp_path):
    with (
        serve_answers(in_turn(break_off, Answer(404))) as (first, _),
        serve_answers(give) as (second, asked),
    ):
        fetch_file(Content("f", [first, second], SHA256), tmp_path / "f")
    assert ranges(asked) == [f"bytes={HALF}-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_is_taken_from_the_beginning(tmp_path):
    keep_partial(CONTENT[:HALF])
    with serve_answers(lambda asked: Answer(200, CONTENT)) as (address, asked):
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
    assert ranges(asked) == [f"bytes={HALF}-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_changed_file_is_not_continued(tmp_path):
    keep_partial(CONTENT[:HALF])
    with (
        serve_answers(lambda asked: give(asked, b"changed" * 100_000, '"changed"')) as (address, asked),
        pytest.raises(DownloadError, match=f"expected sha256 {SHA256}, received"),
    ):
        fetch_file(Content("f", [address], SHA256, etag=ETAG), tmp_path / "f")
    assert {request.headers.get("If-Range") for request in asked} == {ETAG, None}
    assert not partial_path(SHA256).exists()


@pytest.mark.parametrize("left", [CONTENT + b"more", b"wrong" + CONTENT[5:HALF]], ids=["too much", "something else"])
def test_a_wrong_part_is_fetched_anew(tmp_path, left):
    keep_partial(left)
    with serve_answers(give) as (address, asked):
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
    assert ranges(asked) == [f"bytes={len(left)}-", None]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_an_answer_with_another_range_is_not_used(tmp_path):
    keep_partial(CONTENT[:HALF])
    other = Answer(206, CONTENT[10:], {"Content-Range": f"bytes 10-{len(CONTENT) - 1}/{len(CONTENT)}"})
    with serve_answers(in_turn(other, give)) as (address, asked):
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
    assert ranges(asked) == [f"bytes={HALF}-", None]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_file_that_is_whole_in_the_cache_needs_no_request(tmp_path):
    keep_partial(CONTENT)
    fetch_file(Content("f", [NO_SERVER], SHA256), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_file_fetched_to_the_cache_takes_its_place_later(tmp_path):
    with serve_answers(give) as (address, asked):
        fetch_to_cache(Content("f", [address], SHA256))
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert len(asked) == 1


def test_wrong_content_is_kept_nowhere_and_leaves_an_older_file_alone(tmp_path, cache):
    (tmp_path / "f").write_bytes(b"older")
    with (
        serve_answers(lambda asked: give(asked, b"X" + CONTENT[1:])) as (address, asked),
        pytest.raises(DownloadError, match=f"expected sha256 {SHA256}, received"),
    ):
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
    assert len(asked) == 1  # the mirror would send the same again
    assert (tmp_path / "f").read_bytes() == b"older"
    assert not partial_path(SHA256).exists()


def test_an_answer_beyond_the_size_is_not_read_to_its_end(tmp_path):
    gate = threading.Event()  # opens after the download: a client that read on would wait for it
    endless = b"X" * (2 * len(CONTENT))
    with serve_answers(lambda asked: Answer(200, endless, sent=len(CONTENT) + 1, gate=gate)) as (address, _):
        try:
            with pytest.raises(
                DownloadError, match=f"expected sha256 {SHA256}, received more than {len(CONTENT)} bytes"
            ):
                fetch_file(Content("f", [address], SHA256, size=len(CONTENT)), tmp_path / "f")
            assert not gate.is_set()
            assert not partial_path(SHA256).exists()
        finally:
            gate.set()


def test_a_wrong_part_does_not_count_against_the_size(tmp_path):
    keep_partial(b"X" * (len(CONTENT) + 1))
    with serve_answers(give) as (address, _):
        path = fetch_file(Content("f", [address], SHA256, etag=ETAG, size=len(CONTENT)), tmp_path / "f")
    assert path.read_bytes() == CONTENT


def test_another_hash_is_checked_by_its_name(tmp_path):
    sha1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
    with serve_answers(give) as (address, _):
        assert fetch_file(Content("f", [address], sha1, "sha1"), tmp_path / "f").read_bytes() == CONTENT
        with pytest.raises(DownloadError, match="expected sha1 0+, received " + sha1):
            fetch_file(Content("g", [address], "0" * 40, "sha1"), tmp_path / "g")


def test_pauses_grow_and_are_as_long_as_the_server_asks(tmp_path, pauses, capsys):
    busy = Answer(503, headers={"Retry-After": "7"})
    with serve_answers(in_turn(Answer(500), busy, None, give)) as (address, _):
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
    assert pauses == [0.5, 7, 2]
    assert f"{address} is busy: trying again in 7 s, 3 of 4\n" in capsys.readouterr().err


def test_a_final_error_is_not_tried_again_and_every_mirror_s_answer_is_reported(tmp_path, pauses):
    with (
        serve_answers(lambda asked: Answer(404)) as (first, asked),
        pytest.raises(DownloadError, match=f"{first}.*404.*{NO_SERVER}.*refused"),
    ):
        fetch_file(Content("f", [first, NO_SERVER], SHA256), tmp_path / "f")
    assert len(asked) == 1
    assert pauses == [0.5, 1, 2]  # for the second mirror


def start(address, path):
    command = [sys.executable, "-c", FETCH, address, str(path), SHA256]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)


def has_arrived(size):
    return lambda: partial_path(SHA256).exists() and partial_path(SHA256).stat().st_size == size


@pytest.mark.slow
def test_the_download_of_a_killed_process_is_continued(tmp_path):
    gate = threading.Event()
    with serve_answers(in_turn(lambda asked: give(asked, sent=HALF, gate=gate), give)) as (address, asked):
        with start(address, tmp_path / "f") as process:
            wait_until(has_arrived(HALF))
            process.kill()
        assert not (tmp_path / "f").exists()
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
        gate.set()
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert ranges(asked) == [None, f"bytes={HALF}-"]


@pytest.mark.slow
def test_of_two_processes_one_downloads_and_the_other_uses_its_file(tmp_path):
    gate, path = threading.Event(), tmp_path / "f"
    with (
        serve_answers(lambda asked: give(asked, sent=HALF, gate=gate)) as (address, asked),
        start(address, path) as first,
    ):
        wait_until(has_arrived(HALF))
        with start(address, path) as second:
            assert second.stderr.readline() == "waiting for another process that is downloading f\n"
            gate.set()
            assert (first.wait(30), second.wait(30)) == (0, 0)
    assert path.read_bytes() == CONTENT
    assert len(asked) == 1
    assert not partial_path(SHA256).exists()


def test_a_file_is_copied_to_another_file_system_before_it_takes_its_name(tmp_path, monkeypatch):
    rename = os.rename

    def refuse(source, target):
        if source == partial_path(SHA256):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with serve_answers(give) as (address, _):
        path = fetch_file(Content("f", [address], SHA256), tmp_path / "new" / "f")
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert not partial_path(SHA256).exists()


def test_a_refusing_disk_is_a_clear_error(tmp_path, cache):
    (cache / "partial").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"could not write f.*LD_DATA_CACHE"):
        fetch_file(Content("f", [NO_SERVER], SHA256), tmp_path / "f")


def test_offline_forbids_it_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("LD_DATA_OFFLINE", "1")
    keep_partial(CONTENT)
    with serve_answers(give) as (address, asked), pytest.raises(MissingDataError, match="LD_DATA_OFFLINE"):
        fetch_file(Content("f", [address], SHA256), tmp_path / "f")
    assert asked == []
