"""Pictures of a release: its latents against the normal curve, and decoded latents."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import chi2, norm

from ld_data.errors import InputError
from ld_data.health.latents import make_normal_sample
from ld_data.health.maps import embed
from ld_data.protocols import LatentCodec, XCodec
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from ld_data.storage.staging import stage_file
from ld_data.typing import Array

EXAMPLES = 16
GRID = 12
REACH = 2.0  # the manifold spans that many standard deviations to either side
TSNE_ROWS = 2500
BAND = 0.999  # share of true N(0, 1) components inside the null band
SEED = 0


def draw_release(
    data: LatentDataset, source: Source | None, codec: LatentCodec | None, components: tuple[int, int]
) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of each picture, those of decoded x only with source and codec.

    The components span the manifold.
    """
    yield "histograms", draw_histograms(data)
    yield "stds", draw_stds(data)
    if source is None or codec is None:
        return
    first, second = components
    yield "reconstructions", draw_reconstructions(codec.x, source)
    samples = make_normal_sample(SEED, GRID * GRID, data.latent_dim)
    yield "prior_samples", _draw_grid(codec.x.decode(samples), "decoded from N(0, I)")
    yield f"manifold_{first}_{second}", draw_manifold(codec.x, first, second)
    yield "tsne", draw_embeddings(data, source)


def check_components(components: Sequence[int], latent_dim: int) -> None:
    """Raise `InputError` unless the components are two different ones of the d."""
    if len(set(components)) != 2 or min(components) < 0 or max(components) >= latent_dim:
        raise InputError(
            f"components must be two different numbers from 0 to {latent_dim - 1}; received {list(components)}."
        )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of its suffix: `.png`, `.svg` or `.pdf`."""
    with stage_file(path) as draft:
        figure.savefig(draft, dpi=120)


def draw_histograms(data: LatentDataset) -> Figure:
    """Return the histograms of all components of x and of y together, training rows, against the normal density."""
    figure = Figure((9, 3.5), layout="constrained")
    grid = np.linspace(-4.5, 4.5, 400)
    for axes, (name, values) in zip(figure.subplots(1, 2), (("x", data.train.x), ("y", data.train.y)), strict=True):
        axes.hist(values.ravel(), bins=180, range=(-4.5, 4.5), density=True, color="tab:blue", alpha=0.6)
        axes.plot(grid, norm.pdf(grid), color="black", linewidth=1, label="N(0, 1)")
        axes.set(title=f"{data.name}: {name}, all components", xlabel="value", ylabel="density")
        axes.legend()
    return figure


def draw_stds(data: LatentDataset) -> Figure:
    """Return the standard deviation of each component, beside the band of true N(0, I) samples."""
    figure = Figure((9, 6), layout="constrained")
    for axes, split, name in zip(figure.subplots(2, 1), (data.train, data.test), ("train", "test"), strict=True):
        edges = [
            np.sqrt(chi2.ppf(tail, len(split) - 1) / (len(split) - 1)) for tail in ((1 - BAND) / 2, (1 + BAND) / 2)
        ]
        axes.axhspan(*edges, color="tab:gray", alpha=0.3, label=f"{BAND:.1%} of true N(0, 1) components")
        for space, mark in (("x", "o"), ("y", "x")):
            stds = getattr(split, space).std(axis=0)
            axes.plot(np.arange(len(stds)), stds, mark, label=space)
        axes.set(title=f"{data.name}: {name}, {len(split)} rows", xlabel="component", ylabel="std")
        axes.legend(loc="best", fontsize="small")
    return figure


def draw_reconstructions(codec: XCodec, source: Source) -> Figure:
    """Return the first test inputs above their reconstructions from mean and from sampled latents."""
    inputs = source.inputs_test[:EXAMPLES]
    rows = {
        "original": inputs,
        "from mean x": codec.decode(codec.encode(inputs, mode="mean")),
        "from sampled x": codec.decode(codec.encode(inputs, mode="sample", seed=SEED)),
    }
    figure = Figure((EXAMPLES * 0.6 + 1, len(rows) * 0.75), layout="constrained")
    panels = figure.subplots(len(rows), EXAMPLES, squeeze=False)
    for line, (title, values) in zip(panels, rows.items(), strict=True):
        for axes, value in zip(line, values, strict=False):
            _draw_input(axes, value)
        line[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize="small")
    return figure


def draw_manifold(codec: XCodec, first: int, second: int) -> Figure:
    """Return a decoded grid over two components, from -2 to 2, with the others at 0."""
    steps = np.linspace(-REACH, REACH, GRID, dtype=np.float32)
    latents = np.zeros((GRID * GRID, codec.latent_dim), np.float32)
    latents[:, first], latents[:, second] = np.tile(steps, GRID), np.repeat(steps, GRID)
    title = f"components {first} (across) and {second} (down), from {-REACH:g} to {REACH:g}"
    return _draw_grid(codec.decode(latents), title)


def draw_embeddings(data: LatentDataset, source: Source) -> Figure:
    """Return t-SNE maps of raw test inputs and of their sampled latents, coloured by class."""
    rows = np.random.default_rng(SEED).permutation(len(data.test))[:TSNE_ROWS]
    raw = source.inputs_test[rows].reshape(len(rows), -1).astype(np.float32)
    return draw_maps({"raw inputs": raw, "x": data.test.x[rows], "y": data.test.y[rows]}, data.test.label[rows])


def draw_maps(views: Mapping[str, Array], labels: Array) -> Figure:
    """Return t-SNE maps of several views `(n, d)` of the same rows, coloured by class `(n,)`, with a legend."""
    figure = Figure((12, 4.5), layout="constrained")
    for axes, (title, values) in zip(figure.subplots(1, len(views)), views.items(), strict=True):
        dots = axes.scatter(*embed(values).T, c=labels, cmap="tab10" if labels.max() < 10 else "nipy_spectral", s=4)
        axes.set(title=f"t-SNE of {title}", xticks=[], yticks=[])
    figure.legend(*dots.legend_elements(num=None), title="class", loc="outside right")
    return figure


def _draw_grid(values: Array, title: str) -> Figure:
    figure = Figure((GRID * 0.55, GRID * 0.55 + 0.4), layout="constrained")
    figure.suptitle(title)
    for axes, value in zip(figure.subplots(GRID, GRID).flat, values, strict=True):
        _draw_input(axes, value)
    return figure


def _draw_input(axes: Axes, value: Array) -> None:
    """Draw an image `(h, w)` or `(h, w, 3)`, or a signal `(t,)`."""
    if value.ndim > 1:
        axes.imshow(value, cmap="gray_r", vmin=0, vmax=255 if value.dtype == np.uint8 else 1)
    else:
        axes.plot(value, linewidth=0.8, color="black")
    axes.set(xticks=[], yticks=[])
