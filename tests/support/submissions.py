"""Submissions to the leaderboard of the small release, through a client of the service."""

import numpy as np
from fastapi.testclient import TestClient

import ld_data
from api.app import make_app
from api.settings import Limits
from eval.leaderboard.submission import OWNER_HEADER
from ld_data.storage.arrays import write_npy

SCORES = "/v1/datasets/fake-4/scores"
LOG = "/v1/scores/log"
LIMITS = Limits(max_body_bytes=20_000)
OWNER = {OWNER_HEADER: "the secret of one user"}
SUBMIT, REMOVE = {"Authorization": "Bearer in"}, {"Authorization": "Bearer out"}


def make_client(catalogue, store, limits=LIMITS, tokens=None, **options):
    return TestClient(make_app(catalogue, store, limits, tokens, **options), raise_server_exceptions=False)


def make_predictions(noise=0.1, seed=0):
    """Class means of the true labels with some noise."""
    data = ld_data.load("fake-4")
    random = np.random.default_rng(seed)
    return (data.class_mean[data.test.label] + random.normal(0, noise, data.test.y.shape)).astype(np.float32)


def post(client, predictions=None, headers=None, address=SCORES, **params):
    """Post predictions, by default good ones, under the name "a model" and as one user."""
    content = write_npy(make_predictions() if predictions is None else predictions)
    headers = {"Content-Type": "application/x-npy"} | OWNER | (headers or {})
    return client.post(address, params={"name": "a model"} | params, content=content, headers=headers)


def list_names(client):
    """The names of the ranked entries, and of the suspects."""
    board = client.get(SCORES).json()
    return [entry["name"] for entry in board["scores"]], [entry["name"] for entry in board["suspects"]]


def assert_documented(model, body):
    """Check that an answer has exactly the fields of its model in the documentation, with their types."""
    assert body.keys() == model.model_fields.keys()
    model.model_validate(body)
