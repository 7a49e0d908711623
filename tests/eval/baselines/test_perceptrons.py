import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest

from eval import evaluate
from eval.baselines.perceptrons import PLAN, fit_joint, fit_mlp, fit_mlp_class_means, fit_mlp_redrawn, fit_residual
from eval.baselines.regressors import fit_linear
from eval.class_space import draw_y
from eval.keras_fitting import FitPlan, fit_model
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source
from vae.runtime.cell_solver import make_cells

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch):
    monkeypatch.setattr("eval.baselines.perceptrons.UNITS", (128, 128))
    monkeypatch.setattr("eval.baselines.perceptrons.RESIDUAL_BLOCKS", 1)


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(3000, 500), FakeCodec(), "fake", seed=0)


@pytest.mark.parametrize(("fit", "epochs"), [(fit_mlp, 8), (fit_residual, 5)])
def test_a_network_beats_the_linear_map(fit, epochs, data, monkeypatch):
    monkeypatch.setattr("eval.baselines.perceptrons.PLAN", replace(PLAN, epochs=epochs))
    assert evaluate(fit(data, 0), data).skill > evaluate(fit_linear(data, 0), data).skill


def test_a_seed_gives_one_network(data, monkeypatch):
    monkeypatch.setattr("eval.baselines.perceptrons.PLAN", replace(PLAN, epochs=1, batch_rows=512))
    first, again = (evaluate(fit_mlp(data, 0), data) for _ in range(2))
    assert first == again


def test_no_rows_are_kept_after_a_fit(data):
    x = data.train.x.copy()
    kept = weakref.ref(x)
    model = keras.Sequential([keras.Input((data.latent_dim,)), keras.layers.Dense(data.latent_dim)])
    fit_model(model, keras.losses.MeanSquaredError(), x, data.train.y, FitPlan(2, 512, 1e-3), "linear")
    del x
    assert kept() is None


@pytest.mark.parametrize("fit", [fit_mlp, fit_joint, fit_residual])
def test_the_seed_decides_weights_dropout_and_the_order_of_rows(fit, data, monkeypatch):
    """Without training."""
    given = []

    def keep(model, _loss, _inputs, _targets, plan, *_):
        drawn = [layer for layer in model.layers if layer.name != "class_decoder"]
        weights = [array for layer in drawn for array in layer.get_weights() if array.ndim > 1 and array.any()]
        dropout = [layer.seed for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
        given.append((weights, dropout, plan.seed))

    monkeypatch.setattr("eval.baselines.perceptrons.fit_model", keep)
    for seed in (0, 0, 1):
        fit(data, seed)
    (weights, dropout, order), again, (others, other_dropout, other_order) = given
    assert all(map(np.array_equal, weights, again[0]))
    assert (dropout, order) == again[1:]
    assert not any(np.array_equal(one, other) for one, other in zip(weights, others, strict=True))
    assert order != other_order
    assert fit is fit_joint or dropout
    assert not set(dropout) & set(other_dropout)


def test_a_network_trained_on_classes_decodes_well_but_far_from_y(data, monkeypatch):
    monkeypatch.setattr("eval.baselines.perceptrons.PLAN", replace(PLAN, epochs=5))
    joint, linear = evaluate(fit_joint(data, 0), data), evaluate(fit_linear(data, 0), data)
    assert joint.decoded_accuracy > 0.95
    assert joint.mse > 2 * linear.mse


def test_fresh_y_for_each_epoch_and_class_means_help_where_rows_are_few(monkeypatch):
    few, drawn = make_dataset(make_source(200, 500), FakeCodec(y=make_cells(np.ones(3), 4)), "few", seed=0), []

    def draw(data, labels, random):
        drawn.append(draw_y(data, labels, random))
        return drawn[-1]

    monkeypatch.setattr("eval.baselines.perceptrons.draw_y", draw)
    monkeypatch.setattr("eval.baselines.perceptrons.PLAN", replace(PLAN, epochs=6, batch_rows=18))
    noisy, redrawn, means = (
        evaluate(fit(few, 0), few).skill for fit in (fit_mlp, fit_mlp_redrawn, fit_mlp_class_means)
    )
    assert noisy + 0.02 < redrawn < means
    assert len(drawn) >= 6
    assert {len(y) for y in drawn} == {180}  # held-out rows keep their y
    assert (few.classify(drawn[0]) == few.classify(drawn[1])).all()
    assert not (drawn[0] == drawn[1]).any()
