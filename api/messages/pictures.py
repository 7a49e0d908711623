"""Decoded images and signals as pictures: 8-bit pixels, and PNG sheets for people."""

import io
import math

import numpy as np

TILE = 56  # pixels of a picture's height, about
GAP = 4  # pixels between pictures
BACKGROUND, INK = 64, 255


def quantize(pixels: np.ndarray) -> np.ndarray:
    """Return pixels in [0, 1] as uint8 from 0 to 255, each rounded to the nearest; what lies beyond becomes the end."""
    return np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)


def draw_sheet(rows: np.ndarray) -> bytes:
    """Return a PNG of images `(n, h, w)`, or of signals `(n, t)` as plots on one scale, in lines as in a book."""
    from PIL import Image

    tiles = _enlarge(quantize(rows)) if rows.ndim == 3 else _plot(rows)
    count, height, width = tiles.shape
    columns = math.ceil(math.sqrt(count))
    lines = math.ceil(count / columns)
    cells = np.full((lines * columns, height + GAP, width + GAP), BACKGROUND, np.uint8)
    cells[:count, :height, :width] = tiles
    grid = cells.reshape(lines, columns, *cells.shape[1:]).swapaxes(1, 2)
    pixels = grid.reshape(lines * cells.shape[1], columns * cells.shape[2])
    stream = io.BytesIO()
    Image.fromarray(pixels[:-GAP, :-GAP]).save(stream, "png")
    return stream.getvalue()


def _enlarge(images: np.ndarray) -> np.ndarray:
    """Return images `(n, h, w)` with each pixel repeated, so that people see them."""
    times = max(1, TILE // images.shape[1])
    return images.repeat(times, axis=1).repeat(times, axis=2)


def _plot(signals: np.ndarray) -> np.ndarray:
    """Return signals `(n, t)` as images `(n, 56, 2 t)` of lines, the greatest value of all on top."""
    from PIL import Image, ImageDraw

    least, greatest = signals.min(), signals.max()
    heights = (greatest - signals) / max(greatest - least, np.finfo(np.float32).tiny) * (TILE - 1)
    columns = np.linspace(0, 2 * signals.shape[1] - 1, signals.shape[1])
    tiles = []
    for line in heights:
        tile = Image.new("L", (2 * signals.shape[1], TILE))
        ImageDraw.Draw(tile).line([*zip(columns, line, strict=True)], fill=INK)
        tiles.append(np.asarray(tile))
    return np.stack(tiles)
