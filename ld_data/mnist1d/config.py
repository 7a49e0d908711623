"""The checked arguments and templates of the MNIST-1D generator.

Names and defaults are those of S. Greydanus and D. Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024
(arXiv:2011.14439).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ld_data.checks import check_finite, check_integer, check_number, check_numbers
from ld_data.errors import InputError
from ld_data.typing import Doubles

CLASSES = 10  # of the original's templates
MAX_LENGTH = 2**20
MAX_SCALE = 1e6  # of noise, slopes and templates: float32 holds such signals with digits to spare
MAX_DILATED = 2**27  # numbers in the templates under all paddings: 1 GiB
MAX_CLASSES = 256
SHORTEST = 2
LEAST_STD = 1e-6  # as a share of the mean: smaller stds are rounding errors

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

    Widths and stds may be negative, as in the original: the sign does not change the distribution.

    Attributes:
        num_samples: rows in all; each of k classes gets num_samples // k.
        train_split: the share of rows that goes to the training set.
        template_len: a padded template is stretched to template_len + padding[1] steps, whatever its own length.
        padding: least and most steps of zeros after a template.
        scale_coeff: width of the uniform distribution, around 1, of a signal's scale.
        max_translation: a signal is rotated by 0 to max_translation - 1 steps.
        corr_noise_scale: std of the noise in the padding, before smoothing.
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
        """Convert numpy's numbers to Python's, and a padding list to a pair; raise `InputError` for bad arguments."""
        for name, least, most in (
            ("num_samples", 1, 2**48),
            ("template_len", 1, MAX_LENGTH),
            ("max_translation", 1, MAX_LENGTH),
            ("final_seq_length", SHORTEST, MAX_LENGTH),
            ("seed", 0, 2**32 - 1),
        ):
            self._set(name, check_integer(name, getattr(self, name), least, most))
        for name in ("scale_coeff", "corr_noise_scale", "iid_noise_scale", "shear_scale"):
            self._set(name, check_number(name, getattr(self, name), MAX_SCALE, least=-MAX_SCALE))
        self._set("train_split", check_number("train_split", self.train_split, 1))
        if not isinstance(self.shuffle_seq, int | np.integer | np.bool_) or self.shuffle_seq not in (0, 1):
            raise InputError(f"shuffle_seq must be true or false; received {self.shuffle_seq!r}.")
        self._set("shuffle_seq", bool(self.shuffle_seq))
        if not isinstance(self.padding, tuple | list | np.ndarray) or np.shape(self.padding) != (2,):
            raise InputError(f"padding must be a pair (least, most); received {self.padding!r}.")
        self._set("padding", tuple(check_integer("padding", number, 0, MAX_LENGTH) for number in self.padding))
        if self.padding[0] > self.padding[1]:
            raise InputError(f"padding must be (least, most) with least <= most; received {self.padding}.")
        if self.dilated_length < SHORTEST:
            raise InputError(f"template_len + padding[1] must be {SHORTEST} or more; received {self.dilated_length}.")

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def dilated_length(self) -> int:
        """The steps of a padded signal after it is stretched to a common length."""
        return self.template_len + self.padding[1]

    @property
    def paddings(self) -> int:
        """The number of different paddings."""
        return self.padding[1] - self.padding[0] + 1


def make_templates() -> Doubles:
    """Return the ten templates `(10, 12)` float64: standardised, starting at 0, divided by 6."""
    digits = np.array(_DIGITS)
    digits -= digits.mean(axis=1, keepdims=True)
    digits /= digits.std(axis=1, keepdims=True)
    return (digits - digits[:, :1]) / 6.0


def make_template_times(length: int) -> Doubles:
    """Return the time axis `(length,)` float64 of templates, from -5/6 to 5/6."""
    return np.linspace(-5, 5, length) / 6.0


def check_templates(templates: object) -> Doubles:
    """Return templates as `(k, l)` float64, if they are finite, within +-1e6, and one for each of 1 to 256 classes."""
    if isinstance(templates, Mapping):
        raise InputError('templates must be an array (k, l); received a mapping. Pass its "x".')
    array = check_numbers(templates, "templates")
    if array.ndim != 2 or not 1 <= len(array) <= MAX_CLASSES or not SHORTEST <= array.shape[1] <= MAX_LENGTH:
        raise InputError(
            f"templates must have shape (k, l), with k from 1 to {MAX_CLASSES} classes and l from {SHORTEST} to "
            f"{MAX_LENGTH} steps, all of one length; received {array.shape}."
        )
    return check_finite(array.astype(np.float64), "templates", MAX_SCALE)


def count_rows(config: Mnist1dConfig, classes: int) -> int:
    """Return the number of signals, equally many for each class; raise `InputError` for fewer than classes."""
    if config.num_samples < classes:
        raise InputError(f"num_samples must be {classes} or more, one a class; received {config.num_samples}.")
    return config.num_samples // classes * classes


def check_std(mean: float, std: float, config: Mnist1dConfig) -> None:
    """Raise `InputError` for signals of a mean and std that do not vary, and cannot be divided by the std."""
    if not std > LEAST_STD * abs(mean):
        raise InputError(f"these arguments give signals that do not vary, and cannot have a std of 1: {config}.")
