import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from ld_data.errors import InputError, StorageError
from ld_data.work.workers import HERE, Workers, make_calls, open_workers


def run(function, items, workers=HERE, **options):
    """The items with their results or errors, in the order in which they end."""
    calls = make_calls(lambda executor, item: executor.submit(function, item), items, workers, **options)
    return [(item, future.exception() or future.result()) for item, future in calls]


def test_this_process_takes_one_item_after_another():
    taken = []

    def take():
        for number in range(3):
            taken.append(number)
            yield number

    for number, future in make_calls(lambda executor, item: executor.submit(abs, item), take(), HERE):
        assert future.result() == number
        assert taken[-1] == number


def test_a_call_is_made_again_unless_that_is_in_vain():
    tried = []

    def fail(item):
        tried.append(item)
        if item == "never":
            raise InputError("it is poison")
        if tried.count(item) < 3:
            raise OSError("a moment")
        return item

    results = dict(run(fail, ["later", "never"], tries=3))
    assert results["later"] == "later"
    assert str(results["never"]) == "it is poison"
    assert [tried.count(item) for item in ("later", "never")] == [3, 1]


def test_no_more_calls_wait_than_asked_for_and_those_are_cancelled_in_the_end():
    go, submitted = Event(), []
    with ThreadPoolExecutor(1) as threads:

        def submit(executor, item):
            submitted.append(executor.submit(go.wait if item else abs, item))
            return submitted[-1]

        calls = make_calls(submit, range(100), Workers(threads, 1), ahead=3)
        assert next(calls)[0] == 0
        assert len(submitted) == 3
        calls.close()
        assert submitted[2].cancelled()
        go.set()


@pytest.mark.parametrize(
    ("lose", "reason"),
    [
        (lambda future: future.set_exception(BrokenExecutor()), "a worker was killed"),
        (Future.cancel, "calls were taken back: the connection to the scheduler is lost"),
    ],
)
def test_finished_calls_come_before_a_lost_worker_or_scheduler(lose, reason):
    class Lost(Executor):
        def submit(self, function, item):
            future = Future()
            if item:
                future.set_result(item)
            else:
                lose(future)
                if future.cancelled():
                    future.set_running_or_notify_cancel()  # as Dask does, so that `wait` ends
            return future

    found = []
    with pytest.raises(StorageError, match=reason):
        found += make_calls(lambda executor, item: executor.submit(abs, item), range(2), Workers(Lost(), 2))
    calls = make_calls(lambda executor, item: executor.submit(abs, item), range(2), Workers(Lost(), 2))
    assert next(calls)[0] == 1


def test_an_executor_that_is_lost_is_told_where_no_call_ends(monkeypatch):
    class Silent(Executor):
        def submit(self, function, item):
            return Future()

    def check():
        raise StorageError("it is gone")

    monkeypatch.setattr("ld_data.work.workers.CHECK_SECONDS", 0.01)
    assert run(abs, [-1], Workers(check=check)) == [(-1, 1)]
    with pytest.raises(StorageError, match="it is gone"):
        run(abs, [1], Workers(Silent(), check=check))


def test_the_number_of_jobs_is_checked():
    with pytest.raises(InputError, match="jobs must be from 1 to 1000; received 0"), open_workers(0):
        pass
    with open_workers() as workers:
        assert workers.are_here


@pytest.mark.slow
def test_processes_have_one_thread_each():
    with open_workers(2) as workers:
        assert not workers.are_here
        assert dict(run(find_variable, ["OMP_NUM_THREADS"], workers)) == {"OMP_NUM_THREADS": "1"}


def find_variable(name):
    import os

    return os.environ[name]


COMMAND = """
import os, time
from ld_data.work.workers import open_workers
if __name__ == "__main__":
    with open_workers(2) as workers:
        print(workers.executor.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


@pytest.mark.slow
def test_processes_end_with_a_command_that_is_killed(tmp_path):
    script = tmp_path / "command.py"
    script.write_text(COMMAND)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as command:
        worker = int(command.stdout.readline())
        command.kill()
    until = time.monotonic() + 20
    while is_alive(worker):
        assert time.monotonic() < until
        time.sleep(0.05)


def is_alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
