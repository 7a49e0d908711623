"""Requests to a small service and checks of its answers."""

import io

import numpy as np

from api.settings import Limits

NPY = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
BASE = "/v1/datasets/fake-4"
LIMITS = Limits(
    max_body_bytes=20_000,
    max_rows=200,
    max_values=50_000,
    max_streamed_values=100_000,
    max_requests=4,
    max_body_seconds=0.5,
)


def read_npy(response):
    return np.load(io.BytesIO(response.content), allow_pickle=False)


def assert_error(response, status, error_type, *words):
    """Check the one shape of errors, and that the sentence holds the words."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "error_type"}
    assert body["error_type"] == error_type
    for word in words:
        assert word in body["error"], body["error"]
