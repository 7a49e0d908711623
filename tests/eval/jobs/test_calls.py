import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from eval.jobs import calls
from eval.jobs.calls import Call, Runner
from ld_data.errors import InputError, IntegrityError, StorageError
from ld_data.work.workers import Workers

made = []


def square(number):
    made.append(number)
    if number < 0:
        raise InputError(f"{number} is negative")
    return {"square": number**2}


def make_calls(*numbers, **depends_on):
    return [Call(square, (number,), {"number": number, **depends_on}, dict, dict) for number in numbers]


def run(runner, *numbers, **depends_on):
    return {call.arguments[0]: result["square"] for call, result in runner.run(make_calls(*numbers, **depends_on), "")}


@pytest.fixture(autouse=True)
def _nothing_made():
    made.clear()


def test_kept_results_are_not_made_again(tmp_path):
    runner = Runner(kept=tmp_path / "trials")
    with pytest.raises(InputError, match="-2 is negative"):
        run(runner, 1, 2, -2, 3)
    assert run(runner, 1, 2, 3) == {1: 1, 2: 4, 3: 9}
    assert made == [1, 2, -2, 3]
    assert run(Runner(), 1) == {1: 1}
    assert made[4:] == [1]
    assert len(list(runner.kept.iterdir())) == 3


@pytest.mark.parametrize("name", ["seed", "code", "libraries", "backend", "function"])
def test_a_result_is_that_of_all_that_it_depends_on(tmp_path, monkeypatch, name):
    runner = Runner(kept=tmp_path)
    run(runner, 1)
    if name == "code":
        monkeypatch.setattr(calls, "hash_code", lambda: "other")
    if name == "libraries":
        monkeypatch.setattr(calls, "find_versions", lambda _: {"numpy": "9"})
    if name == "backend":
        monkeypatch.setenv("KERAS_BACKEND", "other")
    if name == "function":
        monkeypatch.setattr(square, "__qualname__", "cube")
    run(runner, 1, **({"seed": 1} if name == "seed" else {}))
    assert made == [1, 1]


def test_a_file_that_is_no_such_result_is_named(tmp_path):
    runner = Runner(kept=tmp_path)
    run(runner, 1)
    (path,) = tmp_path.iterdir()
    values = json.loads(path.read_text())
    for text in ("{", "[]", json.dumps(values | {"depends_on": {}}), json.dumps({"depends_on": values["depends_on"]})):
        path.write_text(text)
        with pytest.raises(IntegrityError, match=rf"{path.name} is no result of this version .* Delete it"):
            run(runner, 1)


def test_one_that_fails_ends_the_sweep_after_those_that_run(tmp_path):
    with ThreadPoolExecutor(2) as threads:
        runner = Runner(Workers(threads, 2), tmp_path)
        with pytest.raises(InputError, match="-1 is negative"):
            run(runner, -1, 5, *range(10, 50))
    assert 5 in made
    assert len(made) < 10
    assert len(list(tmp_path.iterdir())) == len(made) - 1


def test_a_worker_of_another_backend_is_refused(monkeypatch):
    with pytest.raises(InputError, match="KERAS_BACKEND is torch where the command runs, and None on a worker"):
        calls._run(square, (1,), False, "torch")


def test_a_call_that_kills_the_workers_of_dask_is_told(monkeypatch):
    class KilledWorker(Exception):  # noqa: N818
        pass

    def kill(*_):
        raise KilledWorker

    monkeypatch.setattr(calls, "_run", kill)
    with pytest.raises(StorageError, match="a worker was killed"):
        run(Runner(), 1)


def test_the_code_and_the_libraries_are_found():
    assert len(calls.hash_code()) == 64
    assert calls.find_versions(calls.LIBRARIES)["numpy"]
