"""The source `mnist1d`: the generator of MNIST-1D, as the original makes it, and as a fast endless stream.

The signals are those of S. Greydanus and D. Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024
(arXiv:2011.14439). `make_mnist1d` and `SignalStream` are ours; the other functions are the original package's, so that
a notebook runs on ours by changing its import line.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ld_data.errors import InputError
from ld_data.mnist1d.canonical import make_canonical
from ld_data.mnist1d.config import (
    Mnist1dConfig,
    check_templates,
    count_rows,
    make_template_times,
    make_templates,
    read_args,
)
from ld_data.mnist1d.steps import interpolate
from ld_data.mnist1d.stream import SignalStream, fill

GeneratorMode = Literal["canonical", "fast"]


@dataclass(frozen=True)
class Mnist1d:
    """Generated signals.

    Attributes:
        x, x_test: signals `(n, t)`, float64 in canonical mode and float32 in fast mode.
        y, y_test: their classes `(n,)` int64.
        t: the time axis `(t,)` float64.
        templates: that they were made of, `(k, l)` float64.
        config: the arguments.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    t: np.ndarray
    templates: np.ndarray = field(repr=False)
    config: Mnist1dConfig = field(repr=False)


@dataclass(frozen=True)
class SignalPlan:
    """A data set that is made part by part, so that it need not fit into memory in fast mode.

    Attributes:
        rows: signals in all.
        split: how many of them, from the first on, are for training.
        dtype: of the signals.
        t: the time axis `(t,)` float64.
        templates: `(k, l)` float64.
        config: the arguments.
        parts: returns an iterator of signals `(n, t)` and their classes `(n,)`.
    """

    rows: int
    split: int
    dtype: np.dtype
    t: np.ndarray
    templates: np.ndarray
    config: Mnist1dConfig
    parts: Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]


def make_mnist1d(
    config: Mnist1dConfig | None = None, templates: object = None, mode: GeneratorMode | None = None
) -> Mnist1d:
    """Return the data set of a configuration, the published one by default.

    Mode "canonical" gives the original's signals for the same arguments, "fast" others of the same distribution, the
    first rows of a `SignalStream`; the default is canonical for the published set and fast for any other. `templates`
    replace the ten of the original: `(k, l)`, one for each class. Raises `InputError` for arguments out of range.
    """
    return collect(plan_mnist1d(config, templates, mode))


def collect(plan: SignalPlan) -> Mnist1d:
    """Return the data set of a plan, made."""
    x, y = np.empty((plan.rows, len(plan.t)), plan.dtype), np.empty(plan.rows, np.int64)
    fill((x, y), plan.parts())
    split = plan.split
    return Mnist1d(x[:split], y[:split], x[split:], y[split:], plan.t, plan.templates, plan.config)


def plan_mnist1d(
    config: Mnist1dConfig | None = None, templates: object = None, mode: GeneratorMode | None = None
) -> SignalPlan:
    """Return the plan of the data set that `make_mnist1d` makes of the same arguments; raises what that raises."""
    config = Mnist1dConfig() if config is None else read_args(config)
    shapes = check_templates(make_templates() if templates is None else templates)
    rows = count_rows(config, len(shapes))
    parts: Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]
    if choose_mode(config, templates, mode) == "canonical":
        x, y, std = make_canonical(shapes, config)
        dtype, parts = x.dtype, lambda: iter([(x, y)])
    else:
        stream = SignalStream(config, shapes)
        std, dtype, parts = stream.std, np.dtype(np.float32), lambda: stream.iterate(rows)
    t = interpolate(make_template_times(shapes.shape[1]), config.dilated_length)
    t = interpolate(t, config.final_seq_length) / std
    return SignalPlan(rows, int(rows * config.train_split), dtype, t, shapes, config, parts)


def choose_mode(config: Mnist1dConfig, templates: object, mode: str | None) -> GeneratorMode:
    """Return the mode that is asked for, or else the one for these arguments; raise `InputError` for another."""
    if mode == "canonical" or (mode is None and templates is None and config == Mnist1dConfig()):
        return "canonical"
    if mode in (None, "fast"):
        return "fast"
    raise InputError(f"mode must be canonical or fast; received {mode!r}.")
