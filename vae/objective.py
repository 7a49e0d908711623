"""What training minimises: the terms of the loss, over the VAE that they train."""

from collections.abc import Collection
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from vae import gaussian
from vae.augmentation import augment
from vae.config import VaeConfig
from vae.model import Vae
from vae.normality import sliced_epps_pulley

DIRECTIONS = 128
REST, RAMP = 0.1, 0.1  # shares of the training: the flow learns alone at first, and is then listened to more and more


class Objective(keras.Model):
    """The loss of a VAE, in nats a row, as a Keras model to `fit` on inputs `(n, *input_shape)` and labels `(n,)`.

    reconstruction + beta * rate, the ordinary VAE; + normality * the sliced Epps-Pulley distance of the aggregate
    posterior; + class_loss * the cross-entropy of a linear classifier of u; + the negative log likelihood of u under
    the flow, whose gradient to u is turned round and weighted by `divergence`. So the flow learns the density q of the
    aggregate posterior, and the encoder lowers KL(q || N(0, I)) by that estimate, leaving the rate alone.
    """

    def __init__(self, vae: Vae, classes: int, total_steps: int = 1) -> None:
        """Take the VAE to train, the number of classes, and how many steps the training will have."""
        super().__init__(name="objective")
        self.total_steps = total_steps
        self.vae = vae
        self.config = vae.config
        self.noise = keras.random.SeedGenerator(fold_seed(self.config.seed))
        _train_only(vae, ("encoder", "decoder", "flow") if self.config.divergence else ("encoder", "decoder"))
        self.classifier = None
        if self.config.class_loss:
            initializer = keras.initializers.GlorotUniform(seed=fold_seed(self.config.seed))
            self.classifier = keras.layers.Dense(classes, name="classifier", kernel_initializer=initializer)
            self.classifier.build((None, self.config.latent_dim))
        self.steps = self.add_weight((), initializer="zeros", trainable=False, name="steps")
        self.terms = {name: keras.metrics.Mean(name=name) for name in ("reconstruction", *_extra_terms(self.config))}
        self.build((None, *self.config.input_shape))

    def call(self, inputs: KerasTensor, training: bool = False) -> tuple[KerasTensor, ...]:
        """Return `inputs, output, u, z_mean, z_log_var`: the answer to one draw u from the posterior of the inputs.

        In training of the augmented inputs, if the configuration asks for that; they are what comes back.
        """
        if training and self.config.augmentation:
            inputs = augment(inputs, self.config.augmentation, self.noise)
        z_mean, z_log_var = self.vae.encoder(inputs)
        inner = gaussian.sample(z_mean, z_log_var, keras.random.normal(ops.shape(z_mean), seed=self.noise))
        return inputs, self.vae.decoder(inner), inner, z_mean, z_log_var

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> KerasTensor:
        """Return the loss of a batch, a scalar, and record its terms; the signature is Keras'."""
        inputs, output, inner, z_mean, z_log_var = y_pred
        config = self.config
        weighted = {"reconstruction": (1.0, reconstruct(inputs, output, config))}
        if config.beta:
            # The predecessor took the standard deviation for the variance in its rate: see vae/gaussian.py.
            log_var = 0.5 * z_log_var if config.slip else z_log_var
            weighted["rate"] = (config.beta, ops.mean(gaussian.rate(z_mean, log_var)))
        if config.normality:
            directions = keras.random.normal((config.latent_dim, DIRECTIONS), seed=self.noise)
            directions = directions / ops.norm(directions, axis=0)
            weighted["normality"] = (config.normality, sliced_epps_pulley(z_mean, z_log_var, directions))
        if self.classifier is not None:
            nats = keras.losses.sparse_categorical_crossentropy(y, self.classifier(inner), from_logits=True)
            weighted["class_loss"] = (config.class_loss, ops.mean(nats))
        if config.divergence:
            weighted["divergence"] = (-1.0, self._estimate_divergence(inner))
        for name, (_, value) in weighted.items():
            self.terms[name].update_state(value)
        self.steps.assign_add(1.0)
        return sum(weight * value for weight, value in weighted.values())

    def _estimate_divergence(self, inner: KerasTensor) -> KerasTensor:
        """Return the flow's estimate of KL(q || N(0, I)), its gradient to `inner` turned round and weighted."""
        weight = self.config.divergence * ops.clip((self.steps / self.total_steps - REST) / RAMP, 0.0, 1.0)
        turned = ops.stop_gradient(inner * (1.0 + weight)) - weight * inner
        return ops.mean(self.vae.log_density(turned) - gaussian.log_density(turned))


class FlowObjective(keras.Model):
    """The negative log likelihood of fresh draws from posteriors under a flow, to `fit` on z_mean and z_log_var."""

    def __init__(self, vae: Vae) -> None:
        """Take the VAE whose flow is trained; its encoder and decoder are not."""
        super().__init__(name="flow_objective")
        self.vae = vae
        _train_only(vae, ("flow",))
        self.noise = keras.random.SeedGenerator(fold_seed(vae.config.seed + 1))
        self.divergence = keras.metrics.Mean(name="divergence")
        self.build([(None, vae.config.latent_dim)] * 2)

    def call(self, posterior: tuple[KerasTensor, KerasTensor]) -> KerasTensor:
        """Return an estimate of KL(q || N(0, I)) in nats, `(n,)`: the log of a ratio of densities at fresh draws u."""
        z_mean, z_log_var = posterior
        inner = gaussian.sample(z_mean, z_log_var, keras.random.normal(ops.shape(z_mean), seed=self.noise))
        return self.vae.log_density(inner) - gaussian.log_density(inner)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> KerasTensor:
        """Return the loss of a batch, a scalar, and record KL(q || N(0, I)); the signature is Keras'."""
        divergence = ops.mean(y_pred)
        self.divergence.update_state(divergence)
        return -divergence


def reconstruct(inputs: KerasTensor, output: KerasTensor, config: VaeConfig) -> KerasTensor:
    """Return the mean negative log likelihood of inputs given the decoder's output, in nats a row: a scalar.

    For the gaussian likelihood without its constant, which no weight changes.
    """
    axes = tuple(range(1, len(config.input_shape) + 1))
    if config.likelihood == "bernoulli":
        nats = ops.sum(ops.softplus(output) - inputs * output, axis=axes)
    elif config.likelihood == "gaussian":
        nats = 0.5 * ops.sum(ops.square((inputs - output) / config.noise_std), axis=axes)
    else:
        nats = -ops.sum(inputs * ops.log_softmax(output, axis=-1), axis=axes)
    return ops.mean(nats)


def fold_seed(seed: int) -> int:
    """Return a seed of the 31 bits that Keras takes, made of all bits of a seed."""
    return int(np.random.default_rng(seed).integers(2**31))


def _train_only(vae: Vae, names: Collection[str]) -> None:
    for layer in vae.layers:
        layer.trainable = layer.name in names


def _extra_terms(config: VaeConfig) -> list[str]:
    """Return the names of the terms that a configuration weights, the reconstruction excepted."""
    weights = {
        "rate": config.beta,
        "normality": config.normality,
        "class_loss": config.class_loss,
        "divergence": config.divergence,
    }
    return [name for name, weight in weights.items() if weight]
