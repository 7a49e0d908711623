import shutil
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from api.app import make_app
from api.benchmark.attackers import make_attackers
from api.benchmark.contenders import Setting
from api.benchmark.processes import connect
from api.benchmark.soak import (
    CUT,
    OK,
    REFUSED,
    REPLACED,
    Soak,
    describe_soak,
    find_surprises,
    list_receipts,
    make_visitors,
    measure_growth,
    soak,
)
from api.settings import Limits
from ld_data.storage.arrays import write_npy
from tests.support.paths import CHECKPOINTS
from tests.support.servers import serve

SETTING = Setting(Path("fake-4"), sys.executable, Path(), np.zeros((3, 4), np.float32), (2, 2))


@contextmanager
def open_client(app):
    with serve(app) as address, connect(int(address.rpartition(":")[2])) as client:
        yield client


@pytest.fixture
def client(catalogue, store):
    with open_client(make_app(catalogue, store)) as client:
        yield client


@pytest.mark.slow
def test_every_visitor_gets_the_expected_answer_from_a_healthy_service(client):
    receipts = set()
    visitors = make_visitors(client, SETTING, receipts)
    for _ in range(2):
        assert {name: visit() for name, (_, visit) in visitors.items()} == dict.fromkeys(visitors, OK)
    assert len(receipts) == 2
    assert receipts == list_receipts(client)


def test_all_malformed_requests_have_the_expected_errors(client):
    _, visit = make_visitors(client, SETTING, set())["malformed"]
    assert {visit() for _ in range(8)} == {OK}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has further addresses of the loopback")
def test_every_attacker_gets_the_expected_answer_and_leaves_others_theirs(client):
    with ExitStack() as opened:
        attackers = make_attackers(client, "fake-4", opened)
        for _ in range(2):
            assert {name: visit() for name, (_, visit) in attackers.items()} == dict.fromkeys(attackers, OK)
        assert make_visitors(client, SETTING, set())["64 rows, .npy"][1]() == OK


def test_a_refusal_is_reported_as_such(catalogue, store):
    with open_client(make_app(catalogue, store, Limits(max_waiting_rows=0))) as client:
        assert make_visitors(client, SETTING, set())["64 rows, .npy"][1]() == REFUSED


def test_another_answer_than_before_is_reported(client, monkeypatch):
    _, visit = make_visitors(client, SETTING, set())["64 rows, .npy"]
    assert visit() == OK
    monkeypatch.setattr("api.messages.replies.write_npy", lambda array: write_npy(-array))
    assert visit() == "another answer than before"


@pytest.mark.parametrize(
    ("memory", "growth"), [([], 0), ([1, 2, 3], 0), ([500, 100, 100, 100], 0), ([100, 110, 120, 150], 40)]
)
def test_growth_is_measured_from_the_second_quarter_on(memory, growth):
    assert measure_growth(memory) == growth


def make_soak(**changes):
    return Soak(1.0, {"a": {OK: 9, REFUSED: 1, CUT: 1}}, [100.0] * 8, 5, **changes)


def test_a_soak_without_surprises_has_none():
    assert find_surprises(make_soak()) == []
    assert find_surprises(make_soak(kill=REPLACED)) == []
    assert find_surprises(Soak(0.9, {"a": {OK: 1}}, [100, 100, 100, 133])) == []  # too short for a verdict on memory
    assert "no surprise" in describe_soak(make_soak())


@pytest.mark.parametrize(
    ("soak", "words"),
    [
        (Soak(1.0, {"a": {OK: 1, "answered 500": 2}}), "a: answered 500, 2 times"),
        (Soak(1.0, {"a": {REFUSED: 1}}), "a: was never served"),
        (make_soak(missing=1), "1 of 5 accepted scores"),
        (make_soak(kill="the killed process was not replaced"), "was not replaced"),
        (Soak(1.0, {"a": {OK: 1}}, [100, 100, 100, 133]), "memory grew by 33 MB"),
    ],
)
def test_surprises_are_reported(soak, words):
    (surprise,) = find_surprises(soak)
    assert words in surprise


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_moment_of_soak_passes(tmp_path):
    folder = shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path / "checkpoints" / "ld-mnist1d-32")
    result = soak(folder, minutes=0.01, workers=1)
    assert result.surprises == []
    assert result.scores == 1
    assert result.memory
