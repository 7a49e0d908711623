from dataclasses import replace

import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from eval import predictions
from ld_data.errors import InputError, MissingDataError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source

ROWS = 300


def predict(model, data, **options):
    """Return the values of a model's checked predictions."""
    return predictions.predict(model, data, **options).values


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(ROWS, ROWS), FakeCodec(), "fake", seed=0)


class Recorder:
    """A model that keeps its inputs."""

    def __init__(self):
        self.batches = []

    def __call__(self, x):
        self.batches.append(x)
        return 2 * x


@pytest.mark.parametrize("batch_rows", [1, 7, 299, 300, 301, 10**6])
def test_a_model_gets_batches_of_all_rows_in_their_order(data, batch_rows):
    model = Recorder()
    assert np.array_equal(predict(model, data, batch_rows=batch_rows), 2 * data.test.x)
    assert max(map(len, model.batches)) == min(batch_rows, ROWS)
    assert np.array_equal(np.concatenate(model.batches), data.test.x)


def test_ten_thousand_rows_come_in_batches(data):
    rows = np.arange(10_000) % ROWS
    many = replace(
        data, test=replace(data.test, **{name: getattr(data.test, name)[rows] for name in ("x", "y", "label")})
    )
    model = Recorder()
    predict(model, many)
    assert [len(batch) for batch in model.batches] == [4096, 4096, 1808]


def test_a_model_cannot_change_the_data(data):
    before = data.test.x.copy()

    def scribble(x):
        x *= 3
        return x

    assert np.array_equal(predict(scribble, data, batch_rows=100), before * 3)
    assert np.array_equal(data.test.x, before)


def test_a_model_may_reuse_one_buffer_for_its_answers(data):
    buffer = np.empty((100, 4))

    def answer(x):
        buffer[:] = x
        return buffer

    assert np.array_equal(predict(answer, data, batch_rows=100), data.test.x)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda x: x[:-1],
            "test rows 0 to 99 of fake: expected one prediction for each of these 100 rows, received 99",
        ),
        (lambda x: np.zeros((ROWS, 4)), "batch_rows=300 gives all rows at once"),
        (
            lambda x: x[:, :3],
            r"the predictions for test rows 0 to 99 of fake must have shape \(100, 4\); received \(100, 3\)",
        ),
        (lambda x: x[0], r"must have shape \(100, 4\); received \(4,\).*shape \(1, 4\)\.$"),
        (lambda x: x * np.inf, "must be finite"),
        (
            lambda x: x * 0 - 2e6,
            r"the predictions for test rows 0 to 99 of fake must lie within \+-1e\+06; received 2e",
        ),
        (lambda x: None, "must be numbers; received NoneType"),
        (lambda x: (row for row in x), "must be numbers; received generator"),
        (lambda x: x.astype(object), "must be numbers; received object"),
        (lambda x: [[1], [1, 2]], "its rows differ in length"),
    ],
)
def test_a_wrong_answer_is_refused_with_the_batch(data, answer, words):
    with pytest.raises(InputError, match=words):
        predict(answer, data, batch_rows=100)


def test_huge_predictions_are_refused(data):
    assert predict(np.full((ROWS, 4), -1e6), data).min() == -1e6
    for scale in (1.001e6, 1e30):
        with pytest.raises(InputError, match=r"predictions must lie within \+-1e\+06; received 1"):
            predict(np.full((ROWS, 4), scale), data)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda labels: labels, "(300,)"),
        (lambda labels: labels[:, None].astype(float), "(300, 1)"),
        (lambda labels: labels[:-1], "(299,)"),
        (lambda labels: np.eye(3, dtype=np.float32)[labels], "(300, 3)"),
    ],
)
def test_classes_instead_of_y_vectors_get_a_remedy(data, make, shape):
    assert data.classes == 3
    classes = make(data.test.label)
    with pytest.raises(InputError, match="not classes") as refused:
        predict(classes, data)
    assert str(refused.value).startswith(
        "predictions must have shape (300, 4), one row for each of the 300 test rows of fake, in their order; "
        f"received {shape}. Predictions are y vectors, not classes; data.class_mean[labels] turns classes"
    )
    with pytest.raises(InputError, match=r"test rows 0 to 99 of fake must have shape \(100, 4\); .*not classes"):
        predict(lambda x: classes[: len(x)], data, batch_rows=100)
    means = data.class_mean[data.test.label].astype(np.float32)
    assert np.array_equal(predict(means, data), means)
    assert np.allclose(np.eye(3)[data.test.label] @ data.class_mean, means)


@pytest.mark.parametrize("shape", [(300, 5), (0, 4), (4,), (300, 4, 1)])
def test_other_shapes_get_no_remedy_for_classes(data, shape):
    with pytest.raises(InputError, match=r"must have shape \(300, 4\), one row for each of the 300") as refused:
        predict(np.zeros(shape), data)
    assert "classes" not in str(refused.value)


def test_an_exception_of_the_model_comes_through_with_the_batch(data):
    def broken(x):
        if np.array_equal(x[0], data.test.x[200]):
            raise ZeroDivisionError("the model's own")
        return x

    with pytest.raises(ZeroDivisionError, match="the model's own") as caught:
        predict(broken, data, batch_rows=100)
    assert caught.value.__notes__ == ["raised by the model when it was given test rows 200 to 299 of fake"]


@pytest.mark.parametrize("batch_rows", [0, -1, 1.5, True, None])
def test_batches_need_a_row_or_more(data, batch_rows):
    with pytest.raises(InputError, match="batch_rows must be"):
        predict(lambda x: x, data, batch_rows=batch_rows)


def test_a_scikit_learn_regressor_predicts(data):
    model = LinearRegression().fit(data.train.x, data.train.y)
    assert np.array_equal(predict(model, data), model.predict(data.test.x).astype(np.float32))


@pytest.mark.parametrize("kind", [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn])
def test_numbers_of_types_that_numpy_lacks_are_taken(data, kind):
    rounded = data.test.x.astype(kind)
    expected = rounded.astype(np.float32)
    assert np.array_equal(predict(rounded, data), expected)
    assert np.array_equal(predict(lambda x: x.astype(kind), data, batch_rows=100), expected)


def test_a_frame_of_nullable_columns_is_taken(data):
    assert np.array_equal(predict(pd.DataFrame(data.test.x).astype("Float32"), data), data.test.x)
    assert np.array_equal(predict(lambda x: pd.DataFrame(x).astype("Float32"), data), data.test.x)


def test_a_predict_without_a_verbose_argument_is_not_given_one(data):
    class Predictor:
        def predict(self, x):
            return x

    assert np.array_equal(predict(Predictor(), data), data.test.x)


def test_a_class_instead_of_an_object_is_refused(data):
    with pytest.raises(InputError, match=r"received the class LinearRegression. Make one"):
        predict(LinearRegression, data)


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_predictions_are_read_from_a_file(data, tmp_path, kind):
    path = tmp_path / "predictions.npy"
    np.save(path, data.test.x.astype(np.float64))
    assert np.array_equal(predict(kind(path), data), data.test.x)


def test_a_file_without_predictions_is_refused_by_name(data, tmp_path):
    path = tmp_path / "predictions.npy"
    with pytest.raises(MissingDataError, match=r"no file .*predictions.npy: expected predictions \(300, 4\)"):
        predict(path, data)
    for content in (np.zeros((ROWS - 1, 4)), np.array([{}] * ROWS)):
        np.save(path, content)
        with pytest.raises(InputError, match=r"predictions.npy: "):
            predict(path, data)
    path.write_bytes(b"x,y\n1,2\n")
    with pytest.raises(InputError, match=r"predictions.npy: expected .npy bytes"):
        predict(path, data)


@pytest.mark.parametrize("model", ["predictions.csv", "", "ld-mnist-32"])
def test_a_text_that_is_no_npy_path_is_refused(data, model):
    with pytest.raises(InputError, match=r"or the path of a .npy file; received"):
        predict(model, data)


def test_predictions_are_checked_once(data):
    checked = predictions.check_predictions(np.asfortranarray(data.test.x.astype(np.float64)), data)
    assert checked.values.dtype == np.float32
    assert checked.values.flags.c_contiguous
    assert predictions.check_predictions(checked, data) is checked
    few = replace(data, test=replace(data.test, x=data.test.x[:9], y=data.test.y[:9], label=data.test.label[:9]))
    with pytest.raises(InputError, match="one row for each of the 9 test rows"):
        predictions.check_predictions(checked, few)


def test_predictions_of_seeds_are_checked_one_by_one(data):
    seeds = np.random.default_rng(0).normal(size=(3, *data.test.y.shape))
    checked = predictions.check_seeds(seeds, data)
    np.testing.assert_array_equal([own.values for own in checked], seeds.astype(np.float32))
    (alone,) = predictions.check_seeds(seeds[0], data)
    np.testing.assert_array_equal(alone.values, checked[0].values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda seeds: seeds[:2], r"or those of 3 to 10 seeds \(seeds, n, d\); received 2\. Fewer than 3 do not"),
        (lambda seeds: np.repeat(seeds, 4, axis=0), "received 12"),
        (lambda seeds: seeds[:0], "received 0"),
        (lambda seeds: seeds[:, :5], r"^seed 1 of 3: predictions must have shape \(300, 4\)"),
        (lambda seeds: np.where(seeds == seeds[1, 7, 2], np.nan, seeds), "^seed 2 of 3: .*finite"),
        (lambda seeds: seeds[[0, 1, 0]], r"^seeds 1 and 3 of 3 repeat each other: .* differ by 0 \(root mean square\)"),
        (lambda seeds: seeds[[2, 1, 1]] + np.array([0, 0, 5e-4])[:, None, None], "^seeds 2 and 3 of 3 repeat.*Train"),
    ],
)
def test_seeds_that_are_few_wrong_or_repeat_each_other_are_refused(data, change, words):
    seeds = np.random.default_rng(0).normal(size=(3, *data.test.y.shape))
    with pytest.raises(InputError, match=words):
        predictions.check_seeds(change(seeds), data)
