import numpy as np
import pytest

from eval.classifiers.training import Examples, make_views, measure_neighbours
from ld_data.errors import InputError
from tests.support.stripes import make_stripes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def examples():
    """Rows whose first six numbers show their class, beside eighteen of noise."""
    noise = np.random.default_rng(2)
    train, test = (
        (np.concatenate([x, noise.normal(0, 1, (len(x), 18)).astype(np.float32)], axis=1), labels)
        for x, labels in (make_stripes(300, (6,), 0), make_stripes(60, (6,), 1))
    )
    return Examples("stripes", *train, *test, "0")


def test_training_brings_rows_of_one_class_together(examples):
    views = make_views("mnist1d-mlp", examples, rows=50, epochs=30)
    assert list(views) == ["raw inputs", "untrained features", "trained features"]
    assert np.array_equal(views["raw inputs"], examples.x_test[:50])
    assert views["untrained features"].shape == views["trained features"].shape == (50, 100)
    shares = measure_neighbours(views, examples.label_test[:50])
    assert shares["trained features"] > shares["raw inputs"] + 0.1
    assert shares["trained features"] > shares["untrained features"] + 0.1


def test_the_nearest_neighbour_is_another_row():
    views = {"pairs": np.array([[0.0], [0.1], [5.0], [5.1]])}
    assert measure_neighbours(views, np.array([0, 0, 1, 1])) == {"pairs": 1.0}
    assert measure_neighbours(views, np.array([0, 1, 0, 1])) == {"pairs": 0.0}


def test_too_few_rows_are_refused(examples):
    with pytest.raises(InputError, match="rows must be"):
        make_views("mnist1d-mlp", examples, rows=3)
