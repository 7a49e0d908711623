from dataclasses import replace

import numpy as np
import pytest

import ld_data
from eval.rules.backpropagation import Backpropagation, RandomFeatures
from eval.rules.feedback_alignment import FeedbackAlignment
from tests.support.reports import SMALL
from tests.support.rules import SIZES


@pytest.fixture
def predictions(release, tmp_path):
    """A file of good predictions for the test rows of the small release."""
    data = ld_data.load("fake-4")
    path = tmp_path / "predictions.npy"
    np.save(path, data.class_mean[data.test.label] + 0.1)
    return path


@pytest.fixture
def small_rules(monkeypatch):
    """Let the references have small networks, and no rates be tried but those of the grid."""
    monkeypatch.setattr("eval.baselines.registry.FURTHER_RATES", 0)
    for rule in (Backpropagation, FeedbackAlignment, RandomFeatures):
        monkeypatch.setattr(rule, "plan", replace(SMALL, learning_rate=rule.plan.learning_rate))


@pytest.fixture
def batch():
    """Random inputs and targets for a small network."""
    random = np.random.default_rng(1)
    return random.normal(size=(40, SIZES[0])), random.normal(size=(40, SIZES[-1]))
