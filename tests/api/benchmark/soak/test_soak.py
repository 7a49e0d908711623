"""The soak: who visits, and what counts as a surprise."""

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import ld_data
from api.app import make_app
from api.benchmark.soak.soak import CUT, Soak, describe_soak, find_surprises, measure_growth, soak
from api.benchmark.soak.visitors import OK, REFUSED, find_place, iterate_pauses, list_receipts, make_visitors
from api.settings import Limits
from ld_data.storage.arrays import write_npy
from tests.support.paths import CHECKPOINTS
from tests.support.servers import serve


@pytest.fixture
def invite():
    """Make visitors whose connections are closed with the test."""
    with ExitStack() as resources:
        yield lambda place, receipts: make_visitors(place, receipts, resources)


@pytest.fixture
def place(catalogue, store):
    with serve(make_app(catalogue, store)) as address:
        yield find_place(int(address.rpartition(":")[2]), "fake-4")


def test_every_visitor_gets_what_it_expects_from_a_service_that_is_well(place, invite):
    receipts = set()
    visitors = invite(place, receipts)
    for _ in range(2):
        assert {name: visit() for name, (_, visit) in visitors.items()} == dict.fromkeys(visitors, OK)
    assert len(receipts) == 2
    assert receipts == list_receipts(place)


def test_all_malformed_requests_are_answered_as_they_should_be(place, invite):
    _, visit = invite(place, set())["malformed"]
    assert {visit() for _ in range(8)} == {OK}


def test_a_refusal_is_no_surprise(catalogue, store, invite):
    with serve(make_app(catalogue, store, Limits(max_waiting_rows=0))) as address:
        place = find_place(int(address.rpartition(":")[2]), "fake-4")
        assert invite(place, set())["64 rows, .npy"][1]() == REFUSED


def test_another_answer_than_before_is_told(place, invite, monkeypatch):
    _, visit = invite(place, set())["64 rows, .npy"]
    assert visit() == OK
    monkeypatch.setattr("api.messages.replies.write_npy", lambda array: write_npy(-array))
    assert visit() == "another answer than before"


def test_pauses_spread_around_their_mean():
    pauses = [pause for _, pause in zip(range(100), iterate_pauses(2.0), strict=False)]
    assert min(pauses) >= 1
    assert max(pauses) <= 3
    assert sum(pauses) / 100 == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(
    ("memory", "growth"), [([], 0), ([1, 2, 3], 0), ([500, 100, 100, 100], 0), ([100, 110, 120, 150], 40)]
)
def test_growth_is_told_from_the_second_quarter_on(memory, growth):
    assert measure_growth(memory) == growth


def make_soak(**changes):
    return Soak(1.0, {"a": {OK: 9, REFUSED: 1, CUT: 1}}, [100.0] * 8, 5, **changes)


def test_a_day_without_surprises_has_none():
    assert find_surprises(make_soak(), {"a"}, kill=False) == []
    assert find_surprises(make_soak(killed=True, replaced=True), {"a"}, kill=True) == []
    assert "no surprise" in describe_soak(make_soak())


@pytest.mark.parametrize(
    ("soak", "kill", "words"),
    [
        (Soak(1.0, {"a": {OK: 1, "answered 500": 2}}), False, "a: answered 500, 2 times"),
        (Soak(1.0, {"a": {REFUSED: 1}}), False, "a: was never served"),
        (make_soak(missing=1), False, "1 of 5 scores"),
        (make_soak(), True, "no process was found"),
        (make_soak(killed=True), True, "was not replaced"),
        (Soak(1.0, {"a": {OK: 1}}, [100, 100, 100, 133]), False, "memory grew by 33 MB"),
    ],
)
def test_surprises_are_told(soak, kill, words):
    (surprise,) = find_surprises(soak, {"a"}, kill)
    assert words in surprise


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_moment_of_soak_passes(tmp_path):
    folder = Path(shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path / "checkpoints" / "ld-mnist1d-32"))
    result = soak(ld_data.load(folder), folder, minutes=0.01, workers=1, progress=False)
    assert result.surprises == []
    assert result.scores == 1
    assert result.memory
