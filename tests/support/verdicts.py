"""Verdicts on small predictions, as verification would return them, and the log of a store."""

from dataclasses import replace

import numpy as np
from sqlalchemy import select

from eval.leaderboard import schema
from eval.leaderboard.leaks import PrivateScore, Verdict
from eval.leaderboard.store import Store
from eval.predictions import Predictions
from eval.score import score_predictions
from ld_data.release.writer import make_dataset
from ld_data.storage.hashing import hash_array
from tests.support.fakes import FakeCodec, make_source

DATA = make_dataset(make_source(), FakeCodec(), "ld-a-4", seed=0)
SCORE = replace(score_predictions(DATA.class_mean[DATA.test.label], DATA), data_sha256="5ha")
PRIVATE = PrivateScore(0.95, 0.01, 1.0, 0.92, 0.6, 0.02)
VERSION = ("ld-a-4", "5ha")


def make_verdict(number=0, status="ranked", private=PRIVATE, **changes):
    """A verdict on predictions that differ for each number; `changes` are fields of the score."""
    predictions = Predictions(np.full((2, 4), number, np.float32))
    return Verdict(predictions, hash_array(predictions.values), replace(SCORE, **changes), private, 0.99, status)


def make_secret_verdict(number=0, status="ranked", **changes):
    """A verdict on the challenge track, which has no private redraw."""
    return make_verdict(number, status, private=None, **changes)


def read_lines(store: Store) -> list[bytes]:
    return b"".join(store.read_log()).splitlines(keepends=True)


def read_predictions(store: Store, sha256: str) -> np.ndarray | None:
    """The predictions that a store keeps under a hash, as one row; None if it keeps none."""
    query = select(schema.predictions.c.bytes).where(schema.predictions.c.sha256 == sha256)
    with store._database.read() as connection:
        content = connection.scalar(query)
    return None if content is None else np.frombuffer(content, "<f4")


def list_names(store: Store, **options) -> list[str]:
    """The names of the entries, best first."""
    return [entry.receipt.values["submission"]["name"] for entry in store.entries(*VERSION, **options)]
