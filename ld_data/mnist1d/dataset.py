"""Data sets of MNIST-1D: the original's signals ("canonical"), or the first rows of a fast endless stream ("fast").

S. Greydanus and D. Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024 (arXiv:2011.14439).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ld_data.errors import InputError
from ld_data.mnist1d.canonical import make_canonical
from ld_data.mnist1d.config import Mnist1dConfig, check_templates, count_rows, make_template_times, make_templates
from ld_data.mnist1d.steps import interpolate
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
        t: the time axis `(t,)` float64.
        templates: `(k, l)` float64.
        config: the arguments.
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
    """Return the plan of the data set of `make_mnist1d` for the same arguments; raises as that."""
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
