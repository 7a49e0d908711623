"""Data sets of MNIST-1D: the original's signals ("canonical"), or the first rows of a fast endless stream ("fast").

Canonical random draws have the original's order, from a private random state of its kind; all other steps are
vectorised over rows. By default the signals are float32-equal to the published arrays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ld_data.errors import InputError
from ld_data.mnist1d.config import (
    Mnist1dConfig,
    check_std,
    check_templates,
    count_rows,
    make_template_times,
    make_templates,
)
from ld_data.mnist1d.steps import Draws, dilate, interpolate, make_signals
from ld_data.mnist1d.stream import SignalStream, fill
from ld_data.typing import Array, Doubles, Integers

GeneratorMode = Literal["canonical", "fast"]


@dataclass(frozen=True)
class Mnist1d:
    """Generated signals.

    Attributes:
        x, x_test: signals `(n, t)`, float64 in canonical mode and float32 in fast mode.
        y, y_test: their classes `(n,)` int64.
        t: the time axis `(t,)` float64.
        templates: `(k, l)` float64.
        config: the arguments.
    """

    x: Array
    y: Integers
    x_test: Array
    y_test: Integers
    t: Doubles
    templates: Doubles = field(repr=False)
    config: Mnist1dConfig = field(repr=False)


@dataclass(frozen=True)
class SignalPlan:
    """A data set to generate part by part: in fast mode it need not fit into memory.

    Attributes:
        rows: signals in all.
        split: number of training signals, which come first.
        dtype: of the signals.
        t, templates, config: as in `Mnist1d`.
        parts: returns an iterator of signals `(n, t)` and their classes `(n,)`.
    """

    rows: int
    split: int
    dtype: np.dtype[Any]
    t: Doubles
    templates: Doubles
    config: Mnist1dConfig
    parts: Callable[[], Iterator[tuple[Array, Array]]]


def make_mnist1d(
    config: Mnist1dConfig | None = None, templates: object = None, mode: GeneratorMode | None = None
) -> Mnist1d:
    """Return the data set of a configuration, the published one by default.

    Mode "canonical" gives the original's signals for the same arguments; "fast" gives other signals of the same
    distribution, the first rows of a `SignalStream`. The default is canonical for the published set and fast for any
    other. `templates` replace the ten of the original: `(k, l)`, one for each class.

    Raises:
        InputError: the mode is unknown, the templates are bad, or the arguments give no signals.
    """
    return collect(plan_mnist1d(config, templates, mode))


def collect(plan: SignalPlan) -> Mnist1d:
    """Return the generated data set of a plan."""
    x, y = np.empty((plan.rows, len(plan.t)), plan.dtype), np.empty(plan.rows, np.int64)
    fill((x, y), plan.parts())
    split = plan.split
    return Mnist1d(x[:split], y[:split], x[split:], y[split:], plan.t, plan.templates, plan.config)


def plan_mnist1d(
    config: Mnist1dConfig | None = None, templates: object = None, mode: GeneratorMode | None = None
) -> SignalPlan:
    """Return the plan of the data set of `make_mnist1d` for the same arguments."""
    config = config or Mnist1dConfig()
    shapes = check_templates(make_templates() if templates is None else templates)
    rows = count_rows(config, len(shapes))
    split = int(rows * config.train_split)
    t = interpolate(make_template_times(shapes.shape[1]), config.dilated_length)
    t = interpolate(t, config.final_seq_length)
    if choose_mode(config, templates, mode) == "canonical":
        x, y, std = make_canonical(shapes, config)
        return SignalPlan(rows, split, x.dtype, t / std, shapes, config, lambda: iter([(x, y)]))
    stream = SignalStream(config, shapes)
    return SignalPlan(rows, split, np.dtype(np.float32), t / stream.std, shapes, config, lambda: stream.iterate(rows))


def choose_mode(config: Mnist1dConfig, templates: object, mode: str | None) -> GeneratorMode:
    """Return `mode`, or the default mode of these arguments; raise `InputError` for another mode."""
    if mode == "canonical" or (mode is None and templates is None and config == Mnist1dConfig()):
        return "canonical"
    if mode in (None, "fast"):
        return "fast"
    raise InputError(f"mode must be canonical or fast; received {mode!r}.")


def make_canonical(templates: Doubles, config: Mnist1dConfig) -> tuple[Doubles, Integers, float]:
    """Return all signals `(n, t)` float64, their classes `(n,)` int64, and the std that divided them.

    The whole set is centred and divided by its std, so that a row depends on all rows.
    """
    random = np.random.RandomState(config.seed)
    labels = np.repeat(np.arange(len(templates)), count_rows(config, len(templates)) // len(templates))
    signals = make_signals(dilate(templates, config), labels, _draw(random, config, len(labels)), config)
    order = random.permutation(len(labels))
    signals, labels = signals[order], labels[order]
    if config.shuffle_seq:
        signals = signals[:, random.permutation(config.final_seq_length)]
    mean, std = signals.mean(), float(signals.std())
    check_std(mean, std, config)
    return (signals - mean) / std, labels, std


def _draw(random: np.random.RandomState, config: Mnist1dConfig, rows: int) -> Draws:
    """Return the draws row by row: the original's normals and integers use a varying number of random words."""
    length = config.dilated_length
    padding, scale, shear = np.empty(rows), np.empty(rows), np.empty(rows)
    translation, noise = np.empty(rows, np.int64), np.empty((rows, 2 * length))
    uniform, integer, normal = random.random_sample, random.randint, random.standard_normal
    for row in range(rows):
        padding[row] = uniform()
        scale[row] = uniform()
        translation[row] = integer(config.max_translation)
        noise[row] = normal(2 * length)
        shear[row] = uniform()
    padding = (padding * config.paddings).astype(np.int64)
    return Draws(padding, scale, translation, noise[:, :length], noise[:, length:], shear)
