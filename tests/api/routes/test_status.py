"""The health of the process and of the releases."""

import shutil
import threading
from dataclasses import asdict
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import ld_data
from api.app import make_app
from api.releases.catalogue import Catalogue
from tests.support.fakes import FakeCodec
from tests.support.service import LIMITS, assert_error


@pytest.fixture
def start(store):
    """Return a client of a service with the releases in a folder."""
    with Catalogue() as catalogue:

        def make(checkpoints):
            catalogue.add_all(checkpoints, lambda folder: FakeCodec())
            return TestClient(make_app(catalogue, store))

        yield make


def assert_is_up(client):
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_readiness_names_the_releases(start, release):
    client = start(release.parent)
    assert_is_up(client)
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "ready": ["fake-4"]})


def test_one_failed_release_makes_the_service_not_ready(start, release):
    shutil.copytree(release, release.parent / "broken-4")
    (release.parent / "broken-4" / "data.npz").write_bytes(b"")
    client = start(release.parent)
    assert_is_up(client)
    assert_error(client.get("/health/ready"), 503, "not_ready", "broken-4: ", "data.npz", "Fetch, build")


def test_a_changed_release_is_not_ready(start, release):
    client = start(release.parent)
    (release / "model.json").write_text("{}")
    assert_is_up(client)
    assert_error(client.get("/health/ready"), 503, "not_ready", "fake-4: model.json changed on disk")


def test_a_service_without_releases_is_not_ready(start, checkpoints):
    client = start(checkpoints)
    assert_is_up(client)
    assert_error(client.get("/health/ready"), 503, "not_ready", "there are none", "build one")


def test_health_is_ok_when_every_release_is_ready(client):
    assert client.get("/health").json() == {
        "status": "ok",
        "ready": ["fake-4"],
        "not_ready": {},
        "leaderboard": "ok",
    }


def test_health_is_degraded_while_the_database_is_gone(catalogue, store, monkeypatch):
    place = Path(store._database.name)
    client, away = TestClient(make_app(catalogue, store)), place.with_name("away")
    monkeypatch.setattr("api.leaderboard.pulse.KEPT_SECONDS", 0)
    place.rename(away)
    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["leaderboard"] == "cannot be used; the operator finds the cause in the log"
    assert_error(client.get("/health/ready"), 503, "not_ready", "the leaderboard cannot be used")
    assert client.get("/health/live").status_code == 200
    away.replace(place)
    assert client.get("/health/ready").status_code == 200


def test_health_does_not_wait_for_a_database_that_hangs(catalogue, store, monkeypatch):
    leave, asked = threading.Event(), []
    monkeypatch.setattr(store, "check", lambda: asked.append(1) or leave.wait(10))
    client = TestClient(make_app(catalogue, store))
    client.app.state.leaderboard.pulse.answer_seconds = 0.05
    for _ in range(3):
        assert client.get("/health").json()["leaderboard"] == "does not answer within 0.05 s"
    leave.set()
    assert asked == [1]


def test_health_without_any_release_is_503(store):
    client = TestClient(make_app(Catalogue(), store))
    assert_error(client.get("/health"), 503, "not_ready", "build one")


def test_info_announces_the_limits(client):
    info = client.get("/info").json()
    assert info["limits"] == asdict(LIMITS)
    assert info["workers"] == 1
    assert info["version"] == ld_data.__version__
    assert len(info["private_seed_sha256"]) == 64
