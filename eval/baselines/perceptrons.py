"""Baselines in Keras, trained by backpropagation: the predecessor's two networks and a residual one."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from eval.class_space import draw_y
from eval.keras_fitting import FitPlan, Redraw, draw_seed, fit_model, make_initializer
from eval.predictions import Answer
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Floats

UNITS = (256, 256, 256)
DROPOUT = 0.1
PLAN = FitPlan(epochs=20, batch_rows=128, learning_rate=1e-3, held_out=0.1)  # small datasets overfit the noise of y
RESIDUAL_UNITS, RESIDUAL_BLOCKS = 256, 4


def fit_mlp(data: LatentDataset, seed: int) -> Answer:
    """Return the predecessor's model: three dense ReLU layers with batch normalisation and dropout of 0.1."""
    return _fit_mlp(data, data.train.y, seed, "mlp")


def fit_mlp_redrawn(data: LatentDataset, seed: int) -> Answer:
    """Return the same, with y drawn anew from the cells of the classes for each epoch; raises as `draw_y`."""
    random = np.random.default_rng((seed, 1))
    return _fit_mlp(data, data.train.y, seed, "mlp-redrawn", lambda rows: draw_y(data, data.train.label[rows], random))


def fit_mlp_class_means(data: LatentDataset, seed: int) -> Answer:
    """Return the same, fitted to the mean of y given the true class, the noise-free target."""
    return _fit_mlp(data, data.class_mean[data.train.label], seed, "mlp-class-means")


def _fit_mlp(data: LatentDataset, targets: Array, seed: int, title: str, redraw: Redraw | None = None) -> Answer:
    random, layers = np.random.default_rng(seed), keras.layers
    model = keras.Sequential([keras.Input((data.latent_dim,))])
    for units in UNITS:
        model.add(layers.Dense(units, use_bias=False, kernel_initializer=make_initializer(random)))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.Dropout(DROPOUT, seed=draw_seed(random)))
    model.add(layers.Dense(data.latent_dim, kernel_initializer="zeros"))  # the network starts at the null
    plan = replace(PLAN, seed=seed)
    fit_model(model, keras.losses.MeanSquaredError(), data.train.x, targets, plan, title, redraw)
    return KerasAnswer(model)


def fit_joint(data: LatentDataset, seed: int) -> Answer:
    """Return the predecessor's network trained to decode to the right class, at any distance from y.

    The loss is the binary cross-entropy of the classes after the linear decoder of y. Batch normalisation and dropout
    are left out, since the predecessor never ran them.
    """
    random = np.random.default_rng(seed)
    body = keras.Sequential([keras.Input((data.latent_dim,))])
    for units in UNITS:
        body.add(keras.layers.Dense(units, "relu", kernel_initializer=make_initializer(random)))
    body.add(keras.layers.Dense(data.latent_dim, kernel_initializer=make_initializer(random)))
    decoder = keras.layers.Dense(data.classes, "softmax", trainable=False, name="class_decoder")
    model = keras.Sequential([keras.Input((data.latent_dim,)), body, decoder])
    decoder.set_weights([data.class_weight, data.class_bias])
    classes = np.eye(data.classes, dtype=np.float32)[data.train.label]
    fit_model(model, keras.losses.BinaryCrossentropy(), data.train.x, classes, replace(PLAN, seed=seed), "joint")
    return KerasAnswer(body)


def fit_residual(data: LatentDataset, seed: int) -> Answer:
    """Return a residual network: four blocks of two layers, normalised first, with dropout of 0.1.

    He et al., "Deep residual learning for image recognition", CVPR 2016; Xiong et al., "On layer normalization in the
    transformer architecture", ICML 2020.
    """
    random, layers = np.random.default_rng(seed), keras.layers
    inputs = keras.Input((data.latent_dim,))
    state = layers.Dense(RESIDUAL_UNITS, kernel_initializer=make_initializer(random))(inputs)
    for _ in range(RESIDUAL_BLOCKS):
        inner = layers.LayerNormalization()(state)
        inner = layers.Dense(RESIDUAL_UNITS, "gelu", kernel_initializer=make_initializer(random))(inner)
        inner = layers.Dropout(DROPOUT, seed=draw_seed(random))(inner)
        state = state + layers.Dense(RESIDUAL_UNITS, kernel_initializer="zeros")(inner)
    outputs = layers.Dense(data.latent_dim, kernel_initializer="zeros")(layers.LayerNormalization()(state))
    model = keras.Model(inputs, outputs)
    fit_model(model, keras.losses.MeanSquaredError(), data.train.x, data.train.y, replace(PLAN, seed=seed), "residual")
    return KerasAnswer(model)


@dataclass(frozen=True)
class KerasAnswer:
    """A fitted Keras model as a function of arrays."""

    model: keras.Model

    def __call__(self, x: Floats) -> Floats:
        """Return the predicted y `(n, d)` for x `(n, d)`."""
        return keras.ops.convert_to_numpy(self.model(x, training=False))
