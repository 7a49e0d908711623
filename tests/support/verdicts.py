"""Verdicts on small predictions, as verification would return them, and the log of a store."""

from dataclasses import replace

import numpy as np
from sqlalchemy import select

from eval.leaderboard import schema
from eval.leaderboard.leaks import PrivateScore, Verdict
from eval.leaderboard.showing import Trial
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Sender
from eval.predictions import Predictions
from eval.score import score_predictions
from ld_data.release.writer import make_dataset
from ld_data.storage.hashing import hash_array
from tests.support.fakes import FakeCodec, make_source

DATA = make_dataset(make_source(), FakeCodec(), "ld-a-4", seed=0)
SCORE = replace(score_predictions(DATA.class_mean[DATA.test.label], DATA), data_sha256="5ha")
PRIVATE = PrivateScore(0.95, 0.01, 1.0, 0.92, 0.6, 0.02)
INTERVALS = {"mse": (0.9, 1.0), "noise_free_mse": (0.1, 0.3), "skill": (0.4, 0.6), "decoded_accuracy": (0.8, 0.9)}
VERSION = ("ld-a-4", "5ha")


def make_verdict(number=0, status="ranked", private=PRIVATE, **changes):
    """A verdict on predictions that differ for each number; `changes` are fields of the score. Rows do not spread."""
    predictions = Predictions(np.full((2, 4), number, np.float32))
    score, errors = replace(SCORE, **changes), np.full(50, changes.get("noise_free_mse", SCORE.noise_free_mse))
    facts = ((score,), INTERVALS, errors)
    return Verdict((predictions,), hash_array(predictions.values), score, private, 0.99, status, *facts)


def make_noisy_verdict(number, mean, seeds=1, seed_spread=0.0):
    """A verdict on row errors of a mean that spread by 1, independent of those of other numbers, and its seeds'."""
    random = np.random.default_rng(number)
    errors = random.normal(size=400)
    predictions = tuple(Predictions(np.full((2, 4), number + seed / 10, np.float32)) for seed in range(seeds))
    scores = tuple(
        replace(SCORE, noise_free_mse=mean + seed_spread * (seed - (seeds - 1) / 2)) for seed in range(seeds)
    )
    changes = {"predictions": predictions, "predictions_sha256": hash_array(np.stack([p.values for p in predictions]))}
    verdict = replace(make_verdict(number, noise_free_mse=mean), seeds=scores, **changes)
    return replace(verdict, errors=mean + (errors - errors.mean()) / errors.std())


def make_secret_verdict(number=0, status="ranked", noise_free_mse=0.2, **changes):
    """A verdict on the challenge track, which has no private redraw; the null's noise-free MSE is 1."""
    verdict = make_verdict(number, status, private=None, noise_free_mse=noise_free_mse, **changes)
    errors, null = np.full(50, noise_free_mse), replace(SCORE, mse=1.0, skill=0.0, noise_free_mse=1.0)
    shown = replace(verdict.score, noise_free_mse=round(noise_free_mse, 2))
    return replace(verdict, trial=Trial(errors, shown, np.ones(50), null))


def add(store: Store, submission, verdict, season=None, owner="the secret of one user", client="here"):
    """Add an entry, by default of one user and from one address."""
    return store.add(submission, verdict, season, Sender(owner, client))


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
