"""The loss of a VAE and its terms, as Keras models that wrap the VAE, and slight changes of the images in training."""

from collections.abc import Collection
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import KerasTensor, ops

from vae.config import VaeConfig
from vae.model import gaussian
from vae.model.flow import Flow
from vae.model.layers import Parts
from vae.model.vae import Vae

FREQUENCIES = np.linspace(0.2, 4.0, 12, dtype=np.float32)
WEIGHTS = (2 * (FREQUENCIES[1] - FREQUENCIES[0]) * np.exp(-np.square(FREQUENCIES) / 4)).astype(np.float32)
DIRECTIONS = 128
REST, RAMP = 0.1, 0.1  # shares of the training: the flow first learns alone, then its weight for the encoder rises
SHARE = 0.8  # of changed images: the others stay sharp
ANGLE, SHEAR, SCALE = 0.06, 0.05, 0.03  # standard deviations: radians, and factors
SHIFT = 0.4  # pixels
PARAMETERS = 6


class Draw(NamedTuple):
    """The results of a VAE for a batch: perhaps augmented inputs, the decoder's output, the draws u, the posteriors."""

    inputs: KerasTensor
    output: KerasTensor
    inner: KerasTensor
    z_mean: KerasTensor
    z_log_var: KerasTensor


class Objective(keras.Model):
    """The loss of a VAE, in nats a row, as a Keras model to `fit` on inputs `(n, *input_shape)` and labels `(n,)`.

    reconstruction + beta * rate, the ordinary VAE; + normality * the sliced Epps-Pulley distance of the aggregate
    posterior; + class_loss * the cross-entropy of a classifier of u; + the negative log likelihood of u under the flow,
    whose gradient to u is reversed and weighted by `divergence`. The flow thus learns the density q of the aggregate
    posterior, and the encoder lowers that estimate of KL(q || N(0, I)) without touching the rate.

    With `flow_class_loss` the classifier reads x = flow(u) instead, and the flow takes its cross-entropy with that
    weight. At weight 1 the flow's loss is the negative joint log likelihood of latents and classes,

        log p(u, class) = log N(x; 0, I) + log |det dx/du| + log p(class | x),

    whose model of u, summed over the classes, is the same as without the classifier: x stays N(0, I). A greater weight
    buys readable classes with a wrong density.
    """

    def __init__(self, vae: Vae, classes: int, total_steps: int = 1) -> None:
        super().__init__(name="objective")
        self.total_steps = total_steps
        self.vae = vae
        self.config = config = vae.config
        self.noise = keras.random.SeedGenerator(fold_seed(config.seed))
        _train_only(vae, ("encoder", "decoder", "flow") if config.divergence else ("encoder", "decoder"))
        self.classifier = make_classifier(config, classes)
        self.classifier.trainable = bool(config.class_loss)
        self.steps = self.add_weight((), initializer="zeros", trainable=False, name="steps")
        terms = {
            "reconstruction": (1.0, self._measure_reconstruction),
            "rate": (config.beta, self._measure_rate),
            "normality": (config.normality, self._measure_normality),
            "class_loss": (config.flow_class_loss or config.class_loss, self._measure_class_loss),
            "divergence": (-1.0 if config.divergence else 0.0, self._estimate_divergence),
        }
        self.terms = {name: term for name, term in terms.items() if term[0]}
        self.means = {name: keras.metrics.Mean(name=name) for name in self.terms}
        self.build((None, *config.input_shape))

    def call(self, inputs: KerasTensor, training: bool = False) -> Draw:
        """Return the results for one draw from each input's posterior; in training the inputs may be augmented."""
        if training and self.config.augmentation:
            inputs = augment(inputs, self.config.augmentation, self.noise)
        z_mean, z_log_var = self.vae.encoder(inputs)
        inner = gaussian.sample(z_mean, z_log_var, keras.random.normal(ops.shape(z_mean), seed=self.noise))
        return Draw(inputs, self.vae.decoder(inner), inner, z_mean, z_log_var)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> KerasTensor:
        """Return the loss of a batch, a scalar, and record its terms; the signature is Keras'."""
        loss = 0.0
        for name, (weight, measure) in self.terms.items():
            value = measure(y_pred, y)
            self.means[name].update_state(value)
            loss += weight * value
        self.steps.assign_add(1.0)
        return loss

    def _measure_reconstruction(self, draw: Draw, labels: KerasTensor) -> KerasTensor:
        return reconstruct(draw.inputs, draw.output, self.config)

    def _measure_rate(self, draw: Draw, labels: KerasTensor) -> KerasTensor:
        # The predecessor took the standard deviation as the variance in its rate: see vae/model/gaussian.py.
        log_var = 0.5 * draw.z_log_var if self.config.slip else draw.z_log_var
        return ops.mean(gaussian.rate(draw.z_mean, log_var))

    def _measure_normality(self, draw: Draw, labels: KerasTensor) -> KerasTensor:
        directions = keras.random.normal((self.config.latent_dim, DIRECTIONS), seed=self.noise)
        directions = directions / ops.norm(directions, axis=0)
        return sliced_epps_pulley(draw.z_mean, draw.z_log_var, directions)

    def _measure_class_loss(self, draw: Draw, labels: KerasTensor) -> KerasTensor:
        if not self.config.flow_class_loss:
            return measure_class_loss(self.classifier(draw.inner), labels, self.config.class_linear)
        # The flow takes the one weight, which the loss has, and the encoder the other.
        factor = self.config.class_loss / self.config.flow_class_loss
        outer = self.vae.to_outer(scale_gradient(draw.inner, factor))
        return measure_class_loss(self.classifier(outer), labels, self.config.class_linear)

    def _estimate_divergence(self, draw: Draw, labels: KerasTensor) -> KerasTensor:
        """Return the flow's estimate of KL(q || N(0, I)), its gradient to the draw reversed and weighted."""
        weight = self.config.divergence * ops.clip((self.steps / self.total_steps - REST) / RAMP, 0.0, 1.0)
        reversed_draw = scale_gradient(draw.inner, -weight)
        return ops.mean(self.vae.log_density(reversed_draw) - gaussian.log_density(reversed_draw))


class FlowObjective(keras.Model):
    """The negative log likelihood of fresh draws from posteriors under a flow, to `fit` on z_mean and z_log_var.

    Less the entropy of N(0, I) at these draws: the loss is -KL(q || N(0, I)) as the flow estimates it, in nats. With
    `flow_class_loss` it also holds the cross-entropy of the `classifier`, which goes on learning, of x and labels.
    """

    def __init__(self, vae: Vae, flow: Flow, classifier: keras.Model) -> None:
        super().__init__(name="flow_objective")
        self.vae, self.flow, self.classifier = vae, flow, classifier
        self.class_weight = vae.config.flow_class_loss
        _train_only(vae, ("flow",))
        classifier.trainable = bool(self.class_weight)
        self.noise = keras.random.SeedGenerator(fold_seed(vae.config.seed + 1))
        self.build([(None, vae.config.latent_dim)] * 2)

    def call(self, posterior: tuple[KerasTensor, KerasTensor]) -> KerasTensor:
        """Return draws u `(n, d)`."""
        z_mean, z_log_var = posterior
        return gaussian.sample(z_mean, z_log_var, keras.random.normal(ops.shape(z_mean), seed=self.noise))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> KerasTensor:
        """Return the loss of draws and labels, a scalar; the signature is Keras'."""
        outer, log_det = self.flow(y_pred)
        loss = -ops.mean(gaussian.log_density(outer) + log_det - gaussian.log_density(y_pred))
        if self.class_weight:
            loss += self.class_weight * measure_class_loss(self.classifier(outer), y, self.vae.config.class_linear)
        return loss


def make_classifier(config: VaeConfig, classes: int) -> keras.Model:
    """Return the classifier of latents `(n, d)` that a configuration describes.

    Its output are logits `(n, 1, k)` of the classifier with the hidden layers, or `(n, 2, k)` with a linear one behind.
    """
    parts = Parts(config.seed)
    hidden = inputs = keras.Input((config.latent_dim,))
    for units in config.class_units:
        hidden = parts.make(keras.layers.Dense, units, "silu")(hidden)
    outputs = [parts.make(keras.layers.Dense, classes)(hidden)]
    if config.class_linear:
        outputs.append(parts.make(keras.layers.Dense, classes)(inputs))
    return keras.Model(inputs, ops.stack(outputs, axis=1), name="classifier")


def measure_class_loss(logits: KerasTensor, labels: KerasTensor, linear: float) -> KerasTensor:
    """Return the mean cross-entropy of logits `(n, m, k)` and labels `(n,)` in nats: a scalar.

    The second of two logits, of the linear classifier, have the weight `linear`, and the first the rest of 1.
    """

    def measure(own: int) -> KerasTensor:
        return ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits[:, own], from_logits=True))

    return (1 - linear) * measure(0) + linear * measure(1) if linear else measure(0)


def scale_gradient(values: KerasTensor, factor: Any) -> KerasTensor:
    """Return values as they are, whose gradient is multiplied by a factor."""
    return ops.stop_gradient(values * (1.0 - factor)) + factor * values


def reconstruct(inputs: KerasTensor, output: KerasTensor, config: VaeConfig) -> KerasTensor:
    """Return the mean negative log likelihood of inputs given the decoder's output, in nats a row: a scalar.

    The Gaussian likelihoods leave out their constant, which does not depend on the weights.
    """
    axes = tuple(range(1, len(config.input_shape) + 1))
    if config.likelihood == "bernoulli":
        nats = ops.sum(ops.softplus(output) - inputs * output, axis=axes)
    elif config.likelihood in ("pixel", "gaussian"):
        mean = ops.sigmoid(output) if config.has_pixels else output
        nats = 0.5 * ops.sum(ops.square((inputs - mean) / config.noise_std), axis=axes)
    else:
        nats = -ops.sum(inputs * ops.log_softmax(output, axis=-1), axis=axes)
    return ops.mean(nats)


def sliced_epps_pulley(z_mean: KerasTensor, z_log_var: KerasTensor, directions: KerasTensor) -> KerasTensor:
    """Return the squared distance of characteristic functions from N(0, 1)'s, averaged over directions: a scalar.

    Along unit directions `(d, m)` the aggregate of a batch of posteriors, `(n, d)` each, is a mixture of n Gaussians,
    whose characteristic function is known: no noise is drawn. The distance is integrated over frequencies with the
    weight exp(-t^2 / 4). It is the sketched isotropic Gaussian regularisation of Balestriero and LeCun, "LeJEPA", arXiv
    2511.08544, with a statistic like that of Epps and Pulley, Biometrika 1983, applied to a VAE.
    """
    centre = ops.matmul(z_mean, directions)[:, None, :]
    variance = ops.matmul(ops.exp(z_log_var), ops.square(directions))[:, None, :]
    frequencies = FREQUENCIES[:, None]
    damping = ops.exp(-0.5 * variance * np.square(frequencies))
    real = ops.mean(damping * ops.cos(frequencies * centre), axis=0) - np.exp(-0.5 * np.square(frequencies))
    imaginary = ops.mean(damping * ops.sin(frequencies * centre), axis=0)
    return ops.mean(ops.sum((ops.square(real) + ops.square(imaginary)) * WEIGHTS[:, None], axis=0))


def augment(images: KerasTensor, strength: float, seed: keras.random.SeedGenerator) -> KerasTensor:
    """Return images `(n, h, w)` or `(n, h, w, 3)`, most of them slightly rotated, sheared, resized and moved.

    The interpolation is bilinear; beyond the edges grey images are black, and colours go on. Every amount is normal,
    with the standard deviations of this module times `strength`.
    """
    rows, height, width = ops.shape(images)[:3]
    stacked = images if len(images.shape) == 4 else images[..., None]
    angle, shear, log_height, log_width, down, right = ops.unstack(
        strength * keras.random.normal((rows, PARAMETERS), seed=seed), axis=1
    )
    angle, shear = ANGLE * angle, SHEAR * shear
    tall, wide = ops.exp(SCALE * log_height), ops.exp(SCALE * log_width)
    cosine, sine = ops.cos(angle), ops.sin(angle)
    # Output pixel (x, y) shows the input at (a x + b y + c, d x + e y + f), and only the shift moves the centre.
    a, b = cosine * wide, shear - sine * tall
    d, e = sine * wide, cosine * tall
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    c = middle_x - a * middle_x - b * middle_y + SHIFT * right
    f = middle_y - d * middle_x - e * middle_y + SHIFT * down
    nothing = ops.zeros_like(a)
    transform = ops.stack([a, b, c, d, e, f, nothing, nothing], axis=1)
    fill_mode = "nearest" if stacked is images else "constant"  # black edges would be learned where the ground is light
    moved = ops.image.affine_transform(
        stacked, transform, interpolation="bilinear", fill_mode=fill_mode, data_format="channels_last"
    )
    chosen = keras.random.uniform((rows, 1, 1, 1), seed=seed) < SHARE
    changed = ops.where(chosen, moved, stacked)
    return changed if stacked is images else changed[..., 0]


def fold_seed(seed: int) -> int:
    """Return a seed of 31 bits, as Keras takes it, from all bits of a seed."""
    return int(np.random.default_rng(seed).integers(2**31))


def _train_only(vae: Vae, names: Collection[str]) -> None:
    for layer in vae.layers:
        layer.trainable = layer.name in names
