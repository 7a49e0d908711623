"""The source `mnist1d`: the MNIST-1D generator, float32-equal to the published arrays with its default arguments.

The signals are those of S. Greydanus and D. Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024
(arXiv:2011.14439): a template is padded, dilated, scaled and translated, gets correlated and independent noise, is
sheared, and is sampled at 40 points. The random draws are made in the original's order from a private random state of
the original's kind; everything around the draws is vectorised over rows.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ld_data.errors import InputError

CLASSES = 10
MAX_SEED = 2**32 - 1
MAX_LENGTH = 2**20
SHORTEST = 2
NOISE_CORRELATION_LENGTH = 2  # the sigma, in steps, of the filter that correlates the noise
TEMPLATE_OFFSET = 1e-8  # keeps a template's own zeros apart from padding, which is exactly zero

# The ten digits as heights over twelve steps (the published templates, before they are centred and scaled).
_DIGITS = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)


@dataclass(frozen=True)
class Mnist1dConfig:
    """The arguments of the generator, with the original's names and defaults.

    Attributes:
        num_samples: rows in all; each class gets num_samples // 10.
        train_split: the share of rows that goes to the training set.
        template_len: a padded template is stretched to template_len + padding[1] steps, whatever its own length.
        padding: least and most steps of zeros put behind a template.
        scale_coeff: width of the uniform distribution, around 1, of a signal's scale.
        max_translation: a signal is rotated by 0 to max_translation - 1 steps.
        corr_noise_scale: std of the noise in the padding before it is smoothed.
        iid_noise_scale: std of the independent noise everywhere.
        shear_scale: width of the uniform distribution, around 0, of a signal's slope.
        shuffle_seq: whether the time steps are permuted, in the same way for all rows.
        final_seq_length: steps of a finished signal, t.
        seed: of the random state, 0 to 2**32 - 1.
    """

    num_samples: int = 5000
    train_split: float = 0.8
    template_len: int = 12
    padding: tuple[int, int] = (36, 60)
    scale_coeff: float = 0.4
    max_translation: int = 48
    corr_noise_scale: float = 0.25
    iid_noise_scale: float = 2e-2
    shear_scale: float = 0.75
    shuffle_seq: bool = False
    final_seq_length: int = 40
    seed: int = 42

    def __post_init__(self) -> None:
        """Raise `InputError` for an argument out of range."""
        for name, least, most in (
            ("num_samples", CLASSES, None),
            ("template_len", 1, MAX_LENGTH),
            ("max_translation", 1, MAX_LENGTH),
            ("final_seq_length", SHORTEST, MAX_LENGTH),
            ("seed", 0, MAX_SEED),
        ):
            _check_integer(name, getattr(self, name), least, most)
        for name in ("scale_coeff", "corr_noise_scale", "iid_noise_scale", "shear_scale"):
            _check_scale(name, getattr(self, name))
        _check_scale("train_split", self.train_split)
        if self.train_split > 1:
            raise InputError(f"train_split must be a share from 0 to 1; received {self.train_split}.")
        if not isinstance(self.shuffle_seq, bool):
            raise InputError(f"shuffle_seq must be true or false; received {self.shuffle_seq!r}.")
        if not isinstance(self.padding, tuple) or len(self.padding) != 2:
            raise InputError(f"padding must be a pair (least, most); received {self.padding!r}.")
        for number in self.padding:
            _check_integer("padding", number, 0, MAX_LENGTH)
        if self.padding[0] > self.padding[1]:
            raise InputError(f"padding must be (least, most) with least <= most; received {self.padding}.")
        if self.dilated_length < SHORTEST:
            raise InputError(f"template_len + padding[1] must be {SHORTEST} or more; received {self.dilated_length}.")

    @property
    def dilated_length(self) -> int:
        """The steps of a padded signal once it is stretched to a common length."""
        return self.template_len + self.padding[1]


@dataclass(frozen=True)
class Mnist1d:
    """Generated signals: x `(n, t)` float64, y `(n,)` int64, likewise for the test set, the time axis t `(t,)`."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    t: np.ndarray
    config: Mnist1dConfig = field(repr=False)


@dataclass(frozen=True)
class _Draws:
    """The random numbers of all rows, each in the place where the original draws it."""

    padding: np.ndarray  # (n,) steps of padding beyond the least
    scale: np.ndarray  # (n,) uniform
    translation: np.ndarray  # (n,) steps
    corr_noise: np.ndarray  # (n, l) standard normal, not yet correlated
    iid_noise: np.ndarray  # (n, l) standard normal
    shear: np.ndarray  # (n,) uniform


def make_templates() -> np.ndarray:
    """Return the ten templates `(10, 12)` float64: standardised, starting at 0, divided by 6."""
    digits = np.array(_DIGITS)
    digits -= digits.mean(axis=1, keepdims=True)
    digits /= digits.std(axis=1, keepdims=True)
    return (digits - digits[:, :1]) / 6.0


def make_mnist1d(config: Mnist1dConfig | None = None) -> Mnist1d:
    """Return the data set for `config` (the published one by default), drawn from a private random state.

    The whole set is centred and divided by its std, as in the original, so a row depends on all rows.
    """
    config = config or Mnist1dConfig()
    random = np.random.RandomState(config.seed)
    per_class = config.num_samples // CLASSES
    labels = np.repeat(np.arange(CLASSES), per_class)
    with np.errstate(over="ignore", invalid="ignore"):  # absurd scales are refused below, by their std
        signals = _make_signals(labels, _draw(random, config, len(labels)), config)

    order = random.permutation(len(labels))
    signals, labels = signals[order], labels[order]
    if config.shuffle_seq:
        signals = signals[:, random.permutation(config.final_seq_length)]
    with np.errstate(over="ignore", invalid="ignore"):
        std = signals.std()
    if not (np.isfinite(std) and std > 0):
        raise InputError(f"these arguments give signals with a std of {std}, which cannot be scaled to 1: {config}.")
    time = _resample(np.linspace(-5, 5, len(_DIGITS[0])) / 6.0, config.dilated_length)
    time = _resample(time, config.final_seq_length) / std
    signals = (signals - signals.mean()) / std
    split = int(len(labels) * config.train_split)
    return Mnist1d(signals[:split], labels[:split], signals[split:], labels[split:], time, config)


def _draw(random: np.random.RandomState, config: Mnist1dConfig, rows: int) -> _Draws:
    """Draw what the rows need, row by row: the original's normals and integers use a varying number of random words."""
    span, length = config.padding[1] - config.padding[0] + 1, config.dilated_length
    padding, scale, shear = np.empty(rows), np.empty(rows), np.empty(rows)
    translation, noise = np.empty(rows, np.int64), np.empty((rows, 2 * length))
    uniform, integer, normal = random.random_sample, random.randint, random.standard_normal
    for row in range(rows):
        padding[row] = uniform()
        scale[row] = uniform()
        translation[row] = integer(config.max_translation)
        noise[row] = normal(2 * length)
        shear[row] = uniform()
    return _Draws((padding * span).astype(np.int64), scale, translation, noise[:, :length], noise[:, length:], shear)


def _make_signals(labels: np.ndarray, draws: _Draws, config: Mnist1dConfig) -> np.ndarray:
    """Return `(n, t)` signals, not yet standardised."""
    signals = _dilated_templates(config)[labels, draws.padding]
    signals *= 1 + config.scale_coeff * (draws.scale[:, None] - 0.5)
    signals = _rotate(signals, draws.translation)
    correlated = gaussian_filter1d(config.corr_noise_scale * draws.corr_noise, NOISE_CORRELATION_LENGTH, axis=1)
    signals = np.where(signals != 0, signals, correlated)
    signals += config.iid_noise_scale * draws.iid_noise
    slope = config.shear_scale * (draws.shear[:, None] - 0.5)
    signals -= slope * np.linspace(-0.5, 0.5, config.dilated_length)
    return _resample(signals, config.final_seq_length)


def _dilated_templates(config: Mnist1dConfig) -> np.ndarray:
    """Return every template under every padding, stretched to one length: `(10, paddings, l)`."""
    templates = make_templates() + TEMPLATE_OFFSET
    least, most = config.padding
    padded = [np.pad(templates, ((0, 0), (0, steps))) for steps in range(least, most + 1)]
    return np.stack([_resample(signals, config.dilated_length) for signals in padded], axis=1)


def _rotate(signals: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return each row rotated right by its own number of steps; more steps than the row is long leave it as it is."""
    length = signals.shape[1]
    steps = np.where(steps < length, steps, 0)
    return np.take_along_axis(signals, (np.arange(length) - steps[:, None]) % length, axis=1)


def _resample(values: np.ndarray, length: int) -> np.ndarray:
    """Return the last axis linearly interpolated at `length` evenly spaced points, both ends included."""
    old, new = np.linspace(0, 1, values.shape[-1]), np.linspace(0, 1, length)
    # side="right": at a step of the old grid the old value comes back exactly, so that padding stays exactly zero.
    left = np.clip(np.searchsorted(old, new, side="right") - 1, 0, len(old) - 2)
    slope = (values[..., left + 1] - values[..., left]) / (old[left + 1] - old[left])
    return np.where(new == old[left + 1], values[..., left + 1], slope * (new - old[left]) + values[..., left])


def _check_integer(name: str, value: object, least: int, most: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} must be an integer; received {value!r}.")
    if value < least or (most is not None and value > most):
        bounds = f"{least} or more" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be {bounds}; received {value}.")


def _check_scale(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
        raise InputError(f"{name} must be 0 or a positive number; received {value!r}.")
