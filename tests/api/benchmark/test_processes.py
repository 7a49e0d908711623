import os
import subprocess
import sys
import time

import pytest

from api.benchmark.processes import Request, connect, keep_to_core, measure_tree, start
from api.errors import StartError
from tests.support.servers import Answer, serve_answers

ASK = Request("/")
SERVER = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]


def start_script(script):
    return start(lambda port: [sys.executable, "-c", script, str(port)], ASK)


@pytest.mark.slow
def test_a_server_is_yielded_once_it_has_answered_and_ended_afterwards():
    with start(lambda port: [*SERVER, str(port)], ASK) as running:
        assert running.process.poll() is None
        assert running.seconds > 0
        if sys.platform == "linux":
            assert running.measure().memory > 2**20
            assert running.measure().cpu > 0
    assert running.process.poll() is not None


@pytest.mark.slow
def test_a_program_that_ends_is_an_error_with_its_last_words():
    script = "import sys; print('first', flush=True); sys.exit('no such library')"
    with pytest.raises(StartError, match=r"ended with status 1 \(no such library\)"), start_script(script):
        pass


@pytest.mark.slow
def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(StartError, match="No such file"), start(lambda port: ["/nowhere/python"], ASK):
        pass


@pytest.mark.slow
def test_a_server_that_does_not_answer_in_time_is_an_error_and_is_ended(monkeypatch):
    monkeypatch.setattr("api.benchmark.processes.START_SECONDS", 0.2)
    pids = measure_tree(os.getpid()).keys()
    script = "import time; time.sleep(60)"
    with pytest.raises(StartError, match="received nothing"), start_script(script):
        pass
    assert measure_tree(os.getpid()).keys() == pids


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_children_of_a_program_are_ended_with_it():
    script = (
        "import runpy, subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "sys.argv = ['x', '--bind', '127.0.0.1', sys.argv[1]]; runpy.run_module('http.server', run_name='__main__')"
    )
    with start_script(script) as running:
        (child,) = measure_tree(running.process.pid).keys() - {running.process.pid}
    end = time.monotonic() + 5
    while measure_tree(child) and time.monotonic() < end:
        time.sleep(0.01)
    assert not measure_tree(child)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs affinities")
def test_a_process_is_kept_to_one_core():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        before = os.sched_getaffinity(process.pid)
        keep_to_core(process.pid, None)
        assert os.sched_getaffinity(process.pid) == before
        keep_to_core(process.pid, -1)
        assert os.sched_getaffinity(process.pid) == {max(before)}
        process.communicate(b"\n")


def test_a_request_with_a_body_is_posted_and_one_without_is_not():
    head, body = Request("/x", b"abc", "text/plain", "text/html").raw.split(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /x HTTP/1.1"
    assert {b"Content-Type: text/plain", b"Content-Length: 3", b"Accept: text/html"} <= set(head.split(b"\r\n"))
    assert body == b"abc"
    assert Request("/x").raw.startswith(b"GET /x HTTP/1.1\r\n")
    assert Request("/x").raw.endswith(b"\r\n\r\n")
    assert b"Content" not in Request("/x").raw


def test_a_request_alone_returns_its_status_and_body():
    with (
        serve_answers(lambda asked: Answer(429, b"busy")) as (address, asked),
        connect(int(address.rpartition(":")[2])) as client,
    ):
        answer = Request("/x", b"abc", "text/plain").send(client)
    assert (answer.status_code, answer.content) == (429, b"busy")
    assert (asked[0].method, asked[0].path, asked[0].body) == ("POST", "/x", b"abc")
