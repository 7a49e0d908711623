import os
import sys
import time

import pytest

from api.benchmark.contenders.processes import Program, find_descendants, on_core, read_resident, start
from api.benchmark.http import make_request
from ld_data.errors import StartError

TRIVIAL = [sys.executable, "-m", "api.benchmark.servers.trivial"]
ASK = make_request("/")


def make_program(*command):
    return Program(lambda port: command, ASK)


def test_a_server_is_yielded_once_it_has_answered_and_ended_afterwards():
    with start(Program(lambda port: [*TRIVIAL, str(port)], ASK)) as running:
        assert running.process.poll() is None
        assert running.seconds > 0
        if sys.platform == "linux":
            assert running.measure_memory() > 2**20
            assert running.measure_cpu() > 0
    assert running.process.poll() is not None


def test_a_program_that_ends_is_an_error_with_its_last_words():
    words = "import sys; print('first', flush=True); sys.exit('no such library')"
    with (
        pytest.raises(StartError, match=r"ended with status 1 \(no such library\)"),
        start(make_program(sys.executable, "-c", words)),
    ):
        pass


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(StartError, match="No such file"), start(make_program("/nowhere/python")):
        pass


def test_a_server_that_does_not_answer_in_time_is_an_error_and_is_ended():
    pids = set(find_descendants(os.getpid()))
    with (
        pytest.raises(StartError, match="received nothing"),
        start(make_program(sys.executable, "-c", "import time; time.sleep(60)"), seconds=0.2),
    ):
        pass
    assert set(find_descendants(os.getpid())) == pids


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_what_a_program_started_is_ended_with_it():
    script = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "sys.argv = ['x', sys.argv[1]]; from api.benchmark.servers import trivial; import asyncio;"
        "asyncio.run(trivial.serve(int(sys.argv[1])))"
    )
    with start(Program(lambda port: [sys.executable, "-c", script, str(port)], ASK)) as running:
        (child,) = find_descendants(running.process.pid)
    end = time.monotonic() + 5
    while read_resident(child) and time.monotonic() < end:
        time.sleep(0.01)
    assert not read_resident(child)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs affinities")
def test_a_core_is_kept_to_within_the_block_alone():
    before = os.sched_getaffinity(0)
    with on_core(-1):
        assert os.sched_getaffinity(0) == {max(before)}
    with on_core(None):
        assert os.sched_getaffinity(0) == before
    assert os.sched_getaffinity(0) == before
