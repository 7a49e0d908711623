import csv
import io
import sqlite3

import numpy as np
import pytest

import ld_data
from api.leaderboard.answers import AcceptedScore
from ld_data.storage.arrays import write_npy
from tests.support.service import BASE, NPY, assert_error
from tests.support.submissions import assert_documented

ROUTE = f"{BASE}/scores"


def make_oracle(noise, seed=0):
    data = ld_data.load("fake-4")
    random = np.random.default_rng(seed)
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


def post_seeds(client, predictions, name="seeds"):
    return client.post(ROUTE, params={"name": name}, content=write_npy(predictions), headers=NPY)


@pytest.mark.parametrize("form", ["npy", "json"])
def test_seeds_make_one_entry_with_means_and_intervals(client, form):
    seeds = np.array([make_oracle(0.1, seed) for seed in range(3)])
    if form == "npy":
        answer = post_seeds(client, seeds)
    else:
        answer = client.post(f"{ROUTE}?name=seeds", json={"predictions": seeds.tolist()})
    body = answer.json()
    assert (answer.status_code, body["rank"], body["seeds"]) == (201, 1, 3)
    own = [seed["noise_free_mse"] for seed in body["seed_scores"]]
    assert body["noise_free_mse"] == pytest.approx(np.mean(own))
    assert body["intervals"]["noise_free_mse"][0] < min(own) < max(own) < body["intervals"]["noise_free_mse"][1]
    assert_documented(AcceptedScore, body)
    assert client.get(ROUTE).json()["scores"][0]["seed_scores"] == body["receipt"]["seed_scores"]
    (row,) = csv.DictReader(io.StringIO(client.get(f"{ROUTE}?format=csv").text))
    assert (row["rank"], row["seeds"]) == ("1", "3")
    assert float(row["noise_free_mse_high"]) == body["intervals"]["noise_free_mse"][1]
    assert_error(post_seeds(client, seeds, "again"), 409, "duplicate", "entry 1 already")


def test_seeds_that_repeat_each_other_are_few_or_leak_are_refused(client):
    seeds = np.array([make_oracle(0.1, seed) for seed in range(3)])
    cases = (
        (seeds[[0, 1, 0]], "invalid_input", "seeds 1 and 3 of 3 repeat each other"),
        (seeds[:2], "invalid_input", "3 to 10 seeds"),
        (seeds[:, :4], "invalid_input", "seed 1 of 3: predictions must have shape (30, 4)"),
        (np.array([seeds[0], ld_data.load("fake-4").test.y, seeds[1]]), "leak", "seed 2 of 3: The MSE"),
        (seeds[None], "invalid_input", "predictions must have shape (30, 4)"),
    )
    for predictions, error_type, words in cases:
        assert_error(post_seeds(client, predictions), 422, error_type, words)
    assert client.get(ROUTE).json()["scores"] == []


def test_entries_that_the_test_rows_cannot_tell_apart_share_a_rank(client):
    guess = make_oracle(0.3)
    for name, predictions in (("good", 0.1 * guess + 0.9 * make_oracle(0.0)), ("a", guess), ("b", guess * 1.001)):
        post_seeds(client, predictions, name)
    ranks = [(entry["name"], entry["rank"]) for entry in client.get(ROUTE).json()["scores"]]
    assert dict(ranks) == {"good": 1, "a": 2, "b": 2}
