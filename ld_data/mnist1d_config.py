"""The arguments and the templates of the MNIST-1D generator, checked.

Names and defaults are those of S. Greydanus and D. Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024
(arXiv:2011.14439).
"""

import math
from dataclasses import dataclass

import numpy as np

from ld_data.arrays import check_finite, check_numbers
from ld_data.errors import InputError

CLASSES = 10  # of the original's templates
MAX_SEED = 2**32 - 1
MAX_LENGTH = 2**20
MAX_CLASSES = 256
SHORTEST = 2

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
        num_samples: rows in all; each class gets num_samples // k, of k classes.
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
            ("num_samples", 1, None),
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

    @property
    def paddings(self) -> int:
        """How many different paddings there are."""
        return self.padding[1] - self.padding[0] + 1


def make_templates() -> np.ndarray:
    """Return the ten templates `(10, 12)` float64: standardised, starting at 0, divided by 6."""
    digits = np.array(_DIGITS)
    digits -= digits.mean(axis=1, keepdims=True)
    digits /= digits.std(axis=1, keepdims=True)
    return (digits - digits[:, :1]) / 6.0


def make_template_times(length: int) -> np.ndarray:
    """Return the time axis `(length,)` float64 of templates, from -5/6 to 5/6."""
    return np.linspace(-5, 5, length) / 6.0


def check_templates(templates: object) -> np.ndarray:
    """Return templates as `(k, l)` float64, one for each of 1 to 256 classes; raise `InputError` for anything else.

    l is 2 or more; it need not be the `template_len` of a configuration.
    """
    array = check_numbers(templates, "templates")
    if array.ndim != 2 or not 1 <= len(array) <= MAX_CLASSES or not SHORTEST <= array.shape[1] <= MAX_LENGTH:
        raise InputError(
            f"templates must have shape (k, l), with k from 1 to {MAX_CLASSES} classes and l from {SHORTEST} to "
            f"{MAX_LENGTH} steps, all of one length; received {array.shape}."
        )
    return check_finite(array.astype(np.float64), "templates")


def check_std(std: float, config: Mnist1dConfig) -> None:
    """Raise `InputError` if signals cannot be divided by this std."""
    if not (np.isfinite(std) and std > 0):
        raise InputError(f"these arguments give signals with a std of {std}, which cannot be scaled to 1: {config}.")


def _check_integer(name: str, value: object, least: int, most: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} must be an integer; received {value!r}.")
    if value < least or (most is not None and value > most):
        bounds = f"{least} or more" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be {bounds}; received {value}.")


def _check_scale(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
        raise InputError(f"{name} must be 0 or a positive number; received {value!r}.")
