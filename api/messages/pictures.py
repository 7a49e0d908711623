"""Decoded images and signals as pictures: 8-bit pixels, and PNG sheets for people."""

import io
import math

import numpy as np

from ld_data.typing import Array, Bytes

TILE = 56  # height of a picture in pixels, about
GAP = 4  # pixels between pictures
BACKGROUND, INK = 64, 255


def quantize(pixels: Array) -> Bytes:
    """Return pixels in [0, 1] as uint8 from 0 to 255, rounded to the nearest; values outside become 0 or 255."""
    return np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)


def draw_sheet(rows: Array) -> bytes:
    """Return a PNG of images `(n, h, w)` or `(n, h, w, 3)`, or of plots of signals `(n, t)` on one scale.

    They stand from left to right in lines.
    """
    from PIL import Image  # import late: 25 ms and 3 MB that only pictures need

    tiles = _enlarge(quantize(rows)) if rows.ndim > 2 else _plot(rows)
    count, height, width, *colours = tiles.shape
    columns = math.ceil(math.sqrt(count))
    lines = math.ceil(count / columns)
    cells = np.full((lines * columns, height + GAP, width + GAP, *colours), BACKGROUND, np.uint8)
    cells[:count, :height, :width] = tiles
    grid = cells.reshape(lines, columns, *cells.shape[1:]).swapaxes(1, 2)
    pixels = grid.reshape(lines * cells.shape[1], columns * cells.shape[2], *colours)
    stream = io.BytesIO()
    Image.fromarray(pixels[:-GAP, :-GAP]).save(stream, "png")
    return stream.getvalue()


def _enlarge(images: Bytes) -> Bytes:
    """Return images with each pixel repeated until a picture is about 56 pixels high."""
    times = max(1, TILE // images.shape[1])
    return images.repeat(times, axis=1).repeat(times, axis=2)


def _plot(signals: Array) -> Bytes:
    """Return signals `(n, t)` as images `(n, 56, 2 t)` of lines, the greatest value of all on top."""
    from PIL import Image, ImageDraw  # import late, as above

    least, greatest = signals.min(), signals.max()
    heights = (greatest - signals) / max(greatest - least, np.finfo(np.float32).tiny) * (TILE - 1)
    columns = np.linspace(0, 2 * signals.shape[1] - 1, signals.shape[1])
    tiles = []
    for line in heights:
        tile = Image.new("L", (2 * signals.shape[1], TILE))
        ImageDraw.Draw(tile).line([*zip(columns, line, strict=True)], fill=INK)
        tiles.append(np.asarray(tile))
    return np.stack(tiles)
