"""Pictures of generated variations: a sheet of images, and the result of every step for the same digits."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import numpy as np
from matplotlib.figure import Figure

from ld_data.typing import Array
from ld_data.variations.stream import Blend, VariationConfig, VariationRows, VariationStream

COLUMNS, ROWS = 20, 8
PANEL_INCHES = 0.55


def draw_variations(config: VariationConfig, images: Array, labels: Array) -> Iterator[tuple[str, Figure]]:
    """Yield the pictures `images` and `steps`, by name, of digits `(k, h, w)` and their classes `(k,)`."""
    made = VariationStream(config, images, labels).make_rows(0, ROWS * COLUMNS)
    classes = ["".join(map(str, made.y[start : start + COLUMNS])) for start in range(0, ROWS * COLUMNS, COLUMNS)]
    yield "images", _draw_rows(list(zip(classes, made.x.reshape(ROWS, COLUMNS, *made.x.shape[1:]), strict=True)))
    yield "steps", _draw_rows(list(trace_steps(config, images, labels)))


def trace_steps(config: VariationConfig, images: Array, labels: Array) -> Iterator[tuple[str, Array]]:
    """Yield every step by name, with its pictures `(20, h, w)` of the same digits, angles and backgrounds."""

    def make(**changes: object) -> VariationRows:
        return VariationStream(replace(config, **changes), images, labels).make_rows(0, COLUMNS)  # type: ignore[arg-type]

    yield "digit", make(rotate=False, background="none").x
    if config.rotate:
        yield "rotated", make(background="none").x
    if config.background == "none":
        return
    yield "background", make().background
    for blend in get_args(Blend):
        yield blend, make(blend=blend).x
    if config.rotate:
        yield "background first", make(order="background-first").x


def _draw_rows(rows: list[tuple[str, Array]]) -> Figure:
    """Return a picture with a row of images for each name."""
    sheet = np.vstack([np.hstack(list(images)) for _, images in rows])
    height = sheet.shape[0] // len(rows)
    figure = Figure(figsize=(2 + PANEL_INCHES * COLUMNS, PANEL_INCHES * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=1)
    axes.set_yticks([height * (row + 0.5) for row in range(len(rows))], [name for name, _ in rows], fontsize=8)
    axes.set_xticks([])
    return figure
