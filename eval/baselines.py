"""Baselines: what simple models score."""

from collections.abc import Callable

import keras
import numpy as np

from eval.fitting import FitPlan, draw_seed, fit_model, make_initializer
from ld_data.dataset import LatentDataset
from ld_data.errors import UnknownNameError

MLP_UNITS = (256, 256, 256)
MLP_DROPOUT = 0.1
MLP_EPOCHS = 20
MLP_HELD_OUT = 0.1  # the best epoch is chosen on these rows: y is mostly noise, which small datasets overfit

Baseline = Callable[[np.ndarray], np.ndarray]


def fit_baseline(name: str, data: LatentDataset, seed: int = 0) -> Baseline:
    """Return a fitted baseline, a callable on x `(n, d)`; raises `UnknownNameError` for a name not in `BASELINES`."""
    if name not in BASELINES:
        raise UnknownNameError(f"no baseline {name!r}. Known: {', '.join(BASELINES)}.")
    return BASELINES[name](data, seed)


def fit_mean(data: LatentDataset, seed: int) -> Baseline:
    """Return the model that always answers the mean of the training y."""
    mean = data.train.y.mean(axis=0)
    return lambda x: np.broadcast_to(mean, (len(x), len(mean)))


def fit_linear(data: LatentDataset, seed: int) -> Baseline:
    """Return the least-squares linear map with an intercept."""
    coefficients, *_ = np.linalg.lstsq(_with_ones(data.train.x), data.train.y.astype(np.float64))
    return lambda x: _with_ones(x) @ coefficients


def fit_mlp(data: LatentDataset, seed: int) -> Baseline:
    """Return the predecessor's model: three dense ReLU layers with batch normalisation and dropout of 0.1."""
    random = np.random.default_rng(seed)
    model = keras.Sequential([keras.Input((data.latent_dim,))])
    for units in MLP_UNITS:
        model.add(keras.layers.Dense(units, use_bias=False, kernel_initializer=make_initializer(random)))
        model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.ReLU())
        model.add(keras.layers.Dropout(MLP_DROPOUT, seed=draw_seed(random)))
    model.add(keras.layers.Dense(data.latent_dim, kernel_initializer="zeros"))  # starts at the null
    plan = FitPlan(epochs=MLP_EPOCHS, batch_rows=128, learning_rate=1e-3, seed=seed, held_out=MLP_HELD_OUT)
    fit_model(model, keras.losses.MeanSquaredError(), data.train.x, data.train.y, plan, "mlp")
    return lambda x: model.predict(x, batch_size=1024, verbose=0)


BASELINES: dict[str, Callable[[LatentDataset, int], Baseline]] = {
    "mean": fit_mean,
    "linear": fit_linear,
    "mlp": fit_mlp,
}


def _with_ones(x: np.ndarray) -> np.ndarray:
    return np.hstack([x.astype(np.float64), np.ones((len(x), 1))])
