import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from api.app import make_app
from api.benchmark.contenders import Setting
from api.benchmark.http import connect
from api.benchmark.visitors import OK, REFUSED, list_receipts, make_visitors
from api.settings import Limits
from ld_data.storage.arrays import write_npy
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


def test_a_refusal_is_reported_as_such(catalogue, store):
    with open_client(make_app(catalogue, store, Limits(max_waiting_rows=0))) as client:
        assert make_visitors(client, SETTING, set())["64 rows, .npy"][1]() == REFUSED


def test_another_answer_than_before_is_reported(client, monkeypatch):
    _, visit = make_visitors(client, SETTING, set())["64 rows, .npy"]
    assert visit() == OK
    monkeypatch.setattr("api.messages.replies.write_npy", lambda array: write_npy(-array))
    assert visit() == "another answer than before"
