import numpy as np
import pytest

import ld_data
from eval import evaluate
from ld_data.errors import InputError, UnknownNameError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, add_shifts, make_source


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(3000, 3000), FakeCodec(), "fake", seed=0)


def oracle(data):
    return data.class_mean[data.test.label]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"name": "mine"}, "name would go"),
        ({"url": "https://a.b", "description": ""}, "url, description would go"),
    ],
)
def test_texts_for_a_leaderboard_are_refused_without_a_submission(data, texts, words):
    def model(x):
        raise AssertionError("the model was called")

    with pytest.raises(InputError, match=rf"^{words} to a leaderboard, and without submit_to nothing is submitted"):
        evaluate(model, data, **texts)


def test_the_environment_alone_submits_nothing(data, monkeypatch):
    monkeypatch.setenv("LD_DATA_SERVICE", "http://127.0.0.1:1")
    assert evaluate(oracle(data), data).entry is None
    assert evaluate(oracle(data), data, submit_to=False).entry is None
    with pytest.raises(
        InputError, match=r"^learning_rule, seconds would go .* submit_to=True for http://127\.0\.0\.1:1, "
    ):
        evaluate(oracle(data), data, learning_rule="Hebb", seconds=0)


def test_callables_predictors_and_arrays_score_alike(data):
    class Predictor:
        def predict(self, x):
            return x * 0.5

    expected = evaluate(data.test.x * 0.5, data)
    assert evaluate(Predictor(), data) == expected
    assert evaluate(lambda x: (x * 0.5).tolist(), data) == expected
    assert evaluate(data.test.x.astype(np.float64) * 0.5, data) == expected


def test_a_release_is_scored_by_name(release):
    data = ld_data.load("fake-4")
    assert evaluate(oracle(data), "fake-4").release == "fake-4"
    with pytest.raises(UnknownNameError):
        evaluate(oracle(data), "nope")


def test_a_shift_is_scored_by_name(release):
    add_shifts(release)
    data, score = ld_data.load("fake-4"), evaluate(lambda x: x / 2, "fake-4", shift="scale")
    assert score.release == "fake-4 scale"
    assert score.mse == evaluate(data.test.x, data).mse
    with pytest.raises(UnknownNameError, match=r"It has: noise, scale\."):
        evaluate(lambda x: x, data, shift="rotation-30")


def test_a_shift_is_not_submitted(release):
    add_shifts(release)
    shifted = ld_data.load("fake-4").shifted("noise")
    for given in (("fake-4", "noise"), (shifted, None)):
        with pytest.raises(InputError, match="takes predictions for the test rows themselves; received the shift 'noi"):
            evaluate(lambda x: x, given[0], shift=given[1], submit_to="http://127.0.0.1:1", name="a")


def test_a_model_gets_batches_of_the_given_size(data):
    sizes = []

    def model(x):
        sizes.append(len(x))
        return x

    assert evaluate(model, data, batch_rows=1000) == evaluate(data.test.x, data)
    assert sizes == [1000, 1000, 1000]


def test_predictions_are_scored_from_a_file(data, tmp_path):
    np.save(tmp_path / "a.npy", oracle(data))
    assert evaluate(tmp_path / "a.npy", data) == evaluate(oracle(data), data)


def test_an_exception_of_the_model_comes_through(data):
    def broken(x):
        raise ZeroDivisionError("the model's own")

    with pytest.raises(ZeroDivisionError, match="the model's own"):
        evaluate(broken, data)


@pytest.mark.parametrize("model", ["predictions.csv", None, object()])
def test_other_objects_than_models_are_refused(data, model):
    with pytest.raises(InputError, match="model must be a function of x"):
        evaluate(model, data)


def test_swapped_arguments_get_a_hint(data):
    with pytest.raises(InputError, match="The model comes first"):
        evaluate("ld-mnist-32", lambda x: x)
