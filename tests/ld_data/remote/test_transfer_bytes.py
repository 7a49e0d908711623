"""Small answers that `fetch_bytes` reads into memory; downloads of files are in `test_transfer`."""

import gzip
import threading

import pytest

from ld_data.errors import DownloadError
from ld_data.remote.transfer import fetch_bytes
from tests.support.servers import Answer, in_turn, serve_answers

NO_SERVER = "http://127.0.0.1:9"


def test_a_silent_server_is_reported(pauses, capsys, monkeypatch):
    monkeypatch.setattr("ld_data.remote.transfer.TIMEOUT_SECONDS", 0.2)
    gate = threading.Event()
    silent = Answer(200, b"text", sent=0, gate=gate)
    with serve_answers(in_turn(silent, Answer(200, b"text"))) as (address, _):
        assert fetch_bytes(address, 4) == b"text"
        gate.set()
    assert capsys.readouterr().err == f"no answer in time from {address}: trying again in 0.5 s, 2 of 4\n"


def test_bytes_are_requested_again_after_a_passing_error():
    with serve_answers(in_turn(Answer(502), Answer(200, b"text"))) as (address, asked):
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
        (b"\n<!DOCTYPE HTML>\n<html>", "a web page, and no file of a release"),
    ],
)
def test_a_refusal_is_reported_with_its_reason(content, reason):
    with (
        serve_answers(lambda asked: Answer(404, content)) as (address, asked),
        pytest.raises(DownloadError) as caught,
    ):
        fetch_bytes(address, 200_000)
    assert (str(caught.value), caught.value.status) == (f"{address} answered 404: {reason}", 404)
    assert len(asked) == 1
