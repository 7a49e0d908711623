"""Downloads, from real servers that break off, ignore ranges, or have something else."""

import errno
import gzip
import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ld_data.errors import DownloadError, MissingDataError, StorageError
from ld_data.remote import transfer as fetch
from ld_data.remote.transfer import Content, fetch_bytes, fetch_file, fetch_to_cache, partial_path
from tests.support.servers import Answer, serve_answers, wait_until

CONTENT = bytes(range(256)) * 1000
HALF = len(CONTENT) // 2
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ETAG = f'"{SHA256}"'
NO_SERVER = "http://127.0.0.1:9"
FETCH = """
import pathlib, sys
from ld_data.remote.transfer import fetch_file
fetch_file([sys.argv[1]], pathlib.Path(sys.argv[2]), sys.argv[3])
print("fetched")
"""

pytestmark = pytest.mark.usefixtures("cache")


def give(asked, content=CONTENT, etag=ETAG, **kwargs):
    """What a server that knows ranges answers."""
    wanted, condition = asked.headers.get("Range"), asked.headers.get("If-Range")
    if wanted is None or condition not in (None, etag):
        return Answer(200, content, {"ETag": etag}, **kwargs)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        return Answer(416, headers={"Content-Range": f"bytes */{len(content)}"})
    part = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return Answer(206, content[start:], {"ETag": etag, "Content-Range": part}, **kwargs)


def in_turn(*makers):
    """Answer as the next of these does each time, and as the last again and again."""
    left = iter(makers)

    def answer(asked):
        return next(left, makers[-1])(asked)

    return answer


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
        path = fetch_file([address], tmp_path / "new" / "f", SHA256)
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert [entry for entry in cache.rglob("*") if entry.is_file()] == []
    assert len(asked) == 1


def test_a_download_that_breaks_off_continues_where_it_broke(tmp_path):
    with serve_answers(in_turn(break_off, give)) as (address, asked):
        path = fetch_file([address], tmp_path / "f", SHA256, etag=ETAG)
    assert path.read_bytes() == CONTENT
    assert ranges(asked) == [None, f"bytes={HALF}-"]
    assert asked[1].headers["If-Range"] == ETAG


def test_the_next_download_continues_what_the_last_one_left(tmp_path):
    with serve_answers(in_turn(break_off, lambda asked: None)) as (address, _):
        with pytest.raises(DownloadError, match=f"The {HALF} bytes that have arrived are kept"):
            fetch_file([address], tmp_path / "f", SHA256)
        assert not list(tmp_path.glob("**/f*"))
    with serve_answers(give) as (other_mirror, asked):
        fetch_file([other_mirror], tmp_path / "f", SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert ranges(asked) == [f"bytes={HALF}-"]
    assert "If-Range" not in asked[0].headers  # the mirror may know the same content by another name


def test_a_mirror_continues_what_another_one_began(tmp_path):
    with (
        serve_answers(in_turn(break_off, lambda asked: Answer(404))) as (first, _),
        serve_answers(give) as (second, asked),
    ):
        fetch_file([first, second], tmp_path / "f", SHA256)
    assert ranges(asked) == [f"bytes={HALF}-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_is_taken_from_the_beginning(tmp_path):
    keep_partial(CONTENT[:HALF])
    with serve_answers(lambda asked: Answer(200, CONTENT)) as (address, asked):
        fetch_file([address], tmp_path / "f", SHA256)
    assert ranges(asked) == [f"bytes={HALF}-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_file_that_has_changed_is_not_continued(tmp_path):
    keep_partial(CONTENT[:HALF])
    with (
        serve_answers(lambda asked: give(asked, b"changed" * 100_000, '"changed"')) as (address, asked),
        pytest.raises(DownloadError, match=f"expected sha256 {SHA256}, received"),
    ):
        fetch_file([address], tmp_path / "f", SHA256, etag=ETAG)
    assert {request.headers.get("If-Range") for request in asked} == {ETAG, None}
    assert not partial_path(SHA256).exists()


@pytest.mark.parametrize("left", [CONTENT + b"more", b"wrong" + CONTENT[5:HALF]], ids=["too much", "something else"])
def test_what_cannot_be_continued_is_begun_anew(tmp_path, left):
    keep_partial(left)
    with serve_answers(give) as (address, asked):
        fetch_file([address], tmp_path / "f", SHA256)
    assert ranges(asked) == [f"bytes={len(left)}-", None]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_another_range_than_was_asked_for_is_not_taken(tmp_path):
    keep_partial(CONTENT[:HALF])
    other = Answer(206, CONTENT[10:], {"Content-Range": f"bytes 10-{len(CONTENT) - 1}/{len(CONTENT)}"})
    with serve_answers(in_turn(lambda asked: other, give)) as (address, asked):
        fetch_file([address], tmp_path / "f", SHA256)
    assert ranges(asked) == [f"bytes={HALF}-", None]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_what_arrived_whole_before_its_process_ended_is_not_asked_for(tmp_path):
    keep_partial(CONTENT)
    fetch_file([NO_SERVER], tmp_path / "f", SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_what_is_in_the_cache_whole_takes_its_place_later(tmp_path):
    with serve_answers(give) as (address, asked):
        fetch_to_cache(Content("f", [address], SHA256))
        fetch_file([address], tmp_path / "f", SHA256)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert len(asked) == 1


def test_wrong_content_is_kept_nowhere_and_leaves_an_older_file_alone(tmp_path, cache):
    (tmp_path / "f").write_bytes(b"older")
    with (
        serve_answers(lambda asked: give(asked, b"X" + CONTENT[1:])) as (address, asked),
        pytest.raises(DownloadError, match=f"expected sha256 {SHA256}, received"),
    ):
        fetch_file([address], tmp_path / "f", SHA256)
    assert len(asked) == 1  # the mirror would send the same again
    assert (tmp_path / "f").read_bytes() == b"older"
    assert not partial_path(SHA256).exists()


def test_what_is_longer_than_the_content_is_not_read_to_its_end(tmp_path):
    gate = threading.Event()  # opens when the download is over: a client that read on would wait for it
    endless = b"X" * (2 * len(CONTENT))
    with serve_answers(lambda asked: Answer(200, endless, sent=len(CONTENT) + 1, gate=gate)) as (address, _):
        try:
            with pytest.raises(
                DownloadError, match=f"expected sha256 {SHA256}, received more than {len(CONTENT)} bytes"
            ):
                fetch_file([address], tmp_path / "f", SHA256, size=len(CONTENT))
            assert not gate.is_set()
            assert not partial_path(SHA256).exists()
        finally:
            gate.set()


def test_what_was_left_of_another_content_does_not_count_against_the_size(tmp_path):
    keep_partial(b"X" * (len(CONTENT) + 1))
    with serve_answers(give) as (address, _):
        path = fetch_file([address], tmp_path / "f", SHA256, etag=ETAG, size=len(CONTENT))
    assert path.read_bytes() == CONTENT


def test_another_hash_is_checked_by_its_name(tmp_path):
    sha1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
    with serve_answers(give) as (address, _):
        assert fetch_file([address], tmp_path / "f", sha1, algorithm="sha1").read_bytes() == CONTENT
        with pytest.raises(DownloadError, match="expected sha1 0+, received " + sha1):
            fetch_file([address], tmp_path / "g", "0" * 40, algorithm="sha1")


def test_pauses_grow_and_are_as_long_as_the_server_asks(tmp_path, pauses, capsys):
    busy = Answer(503, headers={"Retry-After": "7"})
    with serve_answers(in_turn(lambda asked: Answer(500), lambda asked: busy, lambda asked: None, give)) as (
        address,
        _,
    ):
        fetch_file([address], tmp_path / "f", SHA256)
    assert pauses == [0.5, 7, 2]
    assert f"{address} is busy: trying again in 7 s, 3 of 4\n" in capsys.readouterr().err


def test_who_waits_for_a_server_that_is_silent_is_told(pauses, capsys, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT_SECONDS", 0.2)
    gate = threading.Event()
    silent = Answer(200, b"text", sent=0, gate=gate)
    with serve_answers(in_turn(lambda asked: silent, lambda asked: Answer(200, b"text"))) as (address, _):
        assert fetch_bytes(address, 4) == b"text"
        gate.set()
    assert capsys.readouterr().err == f"no answer in time from {address}: trying again in 0.5 s, 2 of 4\n"


def test_what_will_not_pass_is_not_tried_again_and_every_mirror_s_answer_is_told(tmp_path, pauses):
    with (
        serve_answers(lambda asked: Answer(404)) as (first, asked),
        pytest.raises(DownloadError, match=f"{first}.*404.*{NO_SERVER}.*refused"),
    ):
        fetch_file([first, NO_SERVER], tmp_path / "f", SHA256)
    assert len(asked) == 1
    assert pauses == [0.5, 1, 2]  # while nobody was there


def start(address, path):
    command = [sys.executable, "-c", FETCH, address, str(path), SHA256]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)


def has_arrived(size):
    return lambda: partial_path(SHA256).exists() and partial_path(SHA256).stat().st_size == size


def test_the_download_of_a_killed_process_is_continued(tmp_path):
    gate = threading.Event()
    with serve_answers(in_turn(lambda asked: give(asked, sent=HALF, gate=gate), give)) as (address, asked):
        with start(address, tmp_path / "f") as process:
            wait_until(has_arrived(HALF))
            process.kill()
        assert not (tmp_path / "f").exists()
        fetch_file([address], tmp_path / "f", SHA256)
        gate.set()
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert ranges(asked) == [None, f"bytes={HALF}-"]


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
    replace = Path.replace

    def refuse(self, target):
        if self == partial_path(SHA256):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with serve_answers(give) as (address, _):
        path = fetch_file([address], tmp_path / "new" / "f", SHA256)
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert not partial_path(SHA256).exists()


def test_a_refusing_disk_is_a_clear_error(tmp_path, cache):
    (cache / "partial").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"could not write f.*LD_DATA_CACHE"):
        fetch_file([NO_SERVER], tmp_path / "f", SHA256)


def test_offline_forbids_it_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("LD_DATA_OFFLINE", "1")
    keep_partial(CONTENT)
    with serve_answers(give) as (address, asked), pytest.raises(MissingDataError, match="LD_DATA_OFFLINE"):
        fetch_file([address], tmp_path / "f", SHA256)
    assert asked == []


def test_bytes_are_asked_for_again_where_that_may_help():
    with serve_answers(in_turn(lambda asked: Answer(502), lambda asked: Answer(200, b"text"))) as (address, asked):
        assert fetch_bytes(address, 4) == b"text"
        assert len(asked) == 2
        with pytest.raises(DownloadError, match="expected at most 3 bytes; it sends more"):
            fetch_bytes(address, 3)
    with pytest.raises(DownloadError, match=rf"no answer from {NO_SERVER}.*refused.*make serve"):
        fetch_bytes(NO_SERVER, 4)


def test_an_answer_that_is_too_long_is_not_read_to_its_end():
    gate = threading.Event()
    with serve_answers(lambda asked: Answer(200, b"x" * 10_000, sent=5_000, gate=gate)) as (address, _):
        try:
            with pytest.raises(DownloadError, match="expected at most 4999 bytes; it sends more"):
                fetch_bytes(address, 4_999)
        finally:
            gate.set()


def test_an_answer_that_unpacks_to_more_is_refused():
    headers = {"Content-Encoding": "gzip"}
    with (
        serve_answers(lambda asked: Answer(200, gzip.compress(b"x" * 5_000), headers)) as (address, _),
        pytest.raises(DownloadError, match="expected at most 4999 bytes; it sends more"),
    ):
        fetch_bytes(address, 4_999)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"error": "no such release", "error_type": "unknown_name"}', "no such release"),
        (b'["error"]', '["error"]'),
        (b"[" * 200_000, "[" * 200),
        (b"lost \xff " + b"-" * 1000, "lost \ufffd " + "-" * 193),
        (b"\n<!DOCTYPE HTML>\n<html>", "a web page: not an LD-Data service"),
    ],
)
def test_a_refusal_is_told_by_its_reason(content, reason):
    with (
        serve_answers(lambda asked: Answer(404, content)) as (address, asked),
        pytest.raises(DownloadError) as caught,
    ):
        fetch_bytes(address, 200_000)
    assert (str(caught.value), caught.value.status) == (f"{address} answered 404: {reason}", 404)
    assert len(asked) == 1
