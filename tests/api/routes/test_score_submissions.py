import sqlite3

import numpy as np
import pytest

import ld_data
from ld_data.storage.arrays import write_npy
from tests.support.service import BASE, NPY, assert_error

ROUTE = f"{BASE}/scores"


def make_oracle(noise):
    data = ld_data.load("fake-4")
    random = np.random.default_rng(0)
    return (data.class_mean[data.test.label] + random.normal(0, noise, data.test.y.shape)).astype(np.float32)


def test_the_service_computes_scores_and_lists_them_in_order(client):
    for name, noise in (("worse", 0.5), ("better", 0.1)):
        response = client.post(
            ROUTE,
            params={"name": name, "url": "https://a.b"},
            content=write_npy(make_oracle(noise)),
            headers=NPY,
        )
        assert response.status_code == 201
        assert response.json()["noise_free_mse"] == pytest.approx(noise**2, rel=0.4)
    scores = client.get(ROUTE).json()["scores"]
    assert [entry["name"] for entry in scores] == ["better", "worse"]
    assert scores[0]["url"] == "https://a.b"
    assert len(client.get(f"{ROUTE}?limit=1").json()["scores"]) == 1


def test_predictions_may_be_json(client):
    body = {"predictions": make_oracle(0.1).tolist()}
    assert client.post(f"{ROUTE}?name=a", json=body).status_code == 201


def test_a_leak_is_refused_with_the_reason(client):
    y = ld_data.load("fake-4").test.y
    response = client.post(f"{ROUTE}?name=copy", content=write_npy(y), headers=NPY)
    assert_error(response, 422, "leak", "below the floor", "leaked")
    assert client.get(ROUTE).json()["scores"] == []


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "a", "url": "ftp://x"}, "url"),
        ({"name": "a", "url": "http://["}, "url"),
    ],
)
def test_bad_texts_are_422(client, params, word):
    response = client.post(ROUTE, params=params, content=write_npy(make_oracle(0.1)), headers=NPY)
    assert_error(response, 422, "invalid_input", word)


@pytest.mark.parametrize("shape", [(29, 4), (30, 3), (30,)])
def test_predictions_of_another_shape_are_422(client, shape):
    response = client.post(f"{ROUTE}?name=a", content=write_npy(np.zeros(shape)), headers=NPY)
    assert_error(response, 422, "invalid_input", "predictions")


def test_a_broken_store_is_503_and_the_log_has_the_reason(client, monkeypatch, caplog):
    def fail(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("sqlite3.dbapi2.connect", fail)
    response = client.post(f"{ROUTE}?name=a", content=write_npy(make_oracle(0.1)), headers=NPY)
    assert_error(response, 503, "storage", "nothing was changed")
    assert "disk is full" in caplog.text
