import json

import numpy as np
import pytest

from eval import evaluate, evaluate_seeds, learning_curve, summarise_seeds
from ld_data import subset
from ld_data.errors import InputError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(400, 200), FakeCodec(), "fake", seed=0)


def fit(x, y, seed):
    """Least squares on random rows; it writes into its arrays, as a rule may."""
    rows = np.random.default_rng(seed).choice(len(x), len(x) // 2, replace=False)
    weights = np.linalg.lstsq(x[rows], y[rows])[0]
    x *= 0
    y *= 0
    return lambda x: x @ weights


def score(data, seed, whole):
    return evaluate(fit(data.train.x.copy(), data.train.y.copy(), seed), whole)


def test_seeds_are_evaluated_as_one_by_one(data):
    assert evaluate_seeds(fit, data, seeds=2) == summarise_seeds([score(data, seed, data) for seed in (0, 1)])
    assert evaluate_seeds(fit, data, seeds=[7]) == summarise_seeds([score(data, 7, data)])


def test_a_curve_has_the_scores_after_the_first_rows_on_the_scale_of_the_whole_release(data):
    curve = learning_curve(fit, data, (20, 100), seeds=(3, 4))
    assert (curve.release, curve.rows, curve.seeds) == ("fake", (20, 100), (3, 4))
    for rows, summary in zip(curve.rows, curve.summaries, strict=True):
        assert summary == summarise_seeds([score(subset(data, rows), seed, data) for seed in (3, 4)])
    assert learning_curve(fit, data, seeds=1).rows == (300, 400)


def test_a_curve_prints_as_a_table_and_as_json(data):
    curve = learning_curve(fit, data, (20, 300), seeds=2)
    title, heading, *lines = str(curve).splitlines()
    assert title == "fake, 2 seeds: mean +- standard deviation"
    assert heading.split()[:3] == ["training", "rows", "skill"]
    assert [line.split()[:3:2] for line in lines] == [["20", "+-"], ["300", "+-"]]
    assert json.loads(json.dumps(curve.to_json()))["rows"] == [20, 300]
    assert str(learning_curve(fit, data, (20,), seeds=[5])).startswith("fake, seed 5\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rows": (20, 401)}, "the training rows of fake to take must be from 1 to 400; received 401"),
        ({"rows": (20, 2)}, "the first 2 training rows of fake hold 2 of 3 classes. Take 3 or more."),
        ({"rows": ()}, "rows must be one number of training rows or more; received none"),
        ({"seeds": 0}, "seeds must be from 1 to 1000; received 0"),
        ({"seeds": ()}, "seeds must be one seed or more, all different; received"),
        ({"seeds": (1, 1)}, r"seeds must be one seed or more, all different; received \(1, 1\)"),
        ({"seeds": (-1,)}, "each seed must be from 0"),
    ],
)
def test_bad_options_are_refused_before_the_first_fit(data, options, words):
    with pytest.raises(InputError, match=words):
        learning_curve(None, data, **options)


def test_an_exception_names_rows_and_seed(data):
    with pytest.raises(ZeroDivisionError) as caught:
        learning_curve(lambda x, y, seed: 1 / (2 - seed), data, (20,), seeds=[2])
    assert caught.value.__notes__ == ["raised while the model was fitted to fake, first 20 rows, seed 2"]
    with pytest.raises(InputError, match="fit must return a function of x or an object with predict; returned int"):
        evaluate_seeds(lambda x, y, seed: 1, data)
