import numpy as np
import pytest

from eval import evaluate
from eval.rules.associative_memory import AssociativeMemory, fit_associative_memory


def test_a_memory_recalls_by_the_softmax_of_cosines(data):
    x, y, asked = data.train.x[:50].astype(float), data.train.y[:50], data.test.x[:3].astype(float)
    lengths = np.linalg.norm(asked, axis=1)[:, None] * np.linalg.norm(x, axis=1)
    shares = np.exp(5.0 * (asked @ x.T) / lengths)
    recalled = AssociativeMemory(x, y, 5.0).predict(asked)
    assert recalled == pytest.approx(shares / shares.sum(axis=1, keepdims=True) @ y)


def test_an_associative_memory_has_skill(data):
    assert evaluate(fit_associative_memory(data, 0), data).skill > 0.3


def test_a_sharp_memory_recalls_its_rows_and_a_blunt_one_the_mean(data):
    x, y = data.train.x[:50], data.train.y[:50]
    assert AssociativeMemory(x, y, 1e4).predict(x) == pytest.approx(y, abs=1e-3)
    assert AssociativeMemory(x, y, 0.0).predict(x) == pytest.approx(np.broadcast_to(y.mean(axis=0), y.shape), abs=1e-5)
