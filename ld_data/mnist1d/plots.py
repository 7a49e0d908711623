"""Pictures of MNIST-1D: its templates, and the result of every step of the generator."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from ld_data.mnist1d.config import Mnist1dConfig, make_template_times, make_templates
from ld_data.mnist1d.steps import Draws, dilate, make_signals
from ld_data.typing import Doubles

PANEL_INCHES = (1.1, 1.9)


def draw_generator(config: Mnist1dConfig | None = None) -> Iterator[tuple[str, Figure]]:
    """Yield the pictures `templates` and `steps`, by name: signals are upright, time runs down."""
    config = config or Mnist1dConfig()
    templates = make_templates()
    yield "templates", _draw_rows([("template", make_template_times(templates.shape[1]), templates)])
    yield "steps", _draw_rows(list(trace_steps(templates, config)))


def trace_steps(templates: Doubles, config: Mnist1dConfig) -> Iterator[tuple[str, Doubles, Doubles]]:
    """Yield every step by name, its time axis `(l,)` and its signals `(k, l)`, one of each class, not standardised.

    All steps have the same random numbers; each switches on one more argument of the generator.
    """
    random, classes, length = np.random.default_rng(3), len(templates), config.dilated_length
    draws = Draws(
        padding=random.integers(config.paddings, size=classes),
        scale=random.random(classes),
        translation=random.integers(config.max_translation, size=classes),
        corr_noise=random.standard_normal((classes, length)),
        iid_noise=random.standard_normal((classes, length)),
        shear=random.random(classes),
    )
    off = {"scale_coeff": 0.0, "corr_noise_scale": 0.0, "iid_noise_scale": 0.0, "shear_scale": 0.0}
    still = replace(draws, translation=np.zeros_like(draws.translation))
    dilated, labels = dilate(templates, config), np.arange(classes)
    yield "template", make_template_times(templates.shape[1]), templates
    for name, switched_on, numbers, steps in (
        ("padded, dilated", [], still, length),
        ("scaled", ["scale_coeff"], still, length),
        ("translated", [], draws, length),
        ("correlated noise", ["corr_noise_scale"], draws, length),
        ("independent noise", ["iid_noise_scale"], draws, length),
        ("sheared", ["shear_scale"], draws, length),
        ("sampled", [], draws, config.final_seq_length),
    ):
        off = {field: value for field, value in off.items() if field not in switched_on}
        now = replace(config, **off, final_seq_length=steps)  # type: ignore[arg-type]
        yield name, make_template_times(steps), make_signals(dilated, labels, numbers, now)


def _draw_rows(rows: list[tuple[str, Doubles, Doubles]]) -> Figure:
    """Return a picture with a row for each step and a column for each class."""
    classes = len(rows[0][2])
    figure = Figure(figsize=(PANEL_INCHES[0] * classes, PANEL_INCHES[1] * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), classes, squeeze=False)
    for (name, times, signals), axes in zip(rows, grid, strict=True):
        for axis, signal in zip(axes, signals, strict=True):
            axis.plot(signal, times, "k.-", linewidth=1, markersize=3)
            axis.set(xlim=(-1, 1), ylim=(1, -1), xticks=[], yticks=[])
        axes[0].set_ylabel(name)
    for label, axis in enumerate(grid[0]):
        axis.set_title(str(label))
    return figure
