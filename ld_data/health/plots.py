"""Pictures of a release: its latents against the normal curve, and decoded latents."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import chi2, norm

from ld_data.errors import InputError
from ld_data.health.latents import make_normal_sample
from ld_data.health.maps import embed, find_directions
from ld_data.protocols import LatentCodec, XCodec
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from ld_data.storage.staging import stage_file
from ld_data.typing import Array

EXAMPLES = 16
GRID = 12
REACH = 2.0  # the manifold spans that many standard deviations to either side
TSNE_ROWS = 2500
DEVIATION_REACH = 3.0  # standard deviations to either side
BAND = 0.999  # share of true N(0, 1) components inside the null band
SEED = 0


def draw_release(
    data: LatentDataset, source: Source | None, codec: LatentCodec | None, components: tuple[int, int]
) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of each picture, those of decoded x only with source and codec.

    The components span the manifold.
    """
    yield "deviations", draw_deviations(data)
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


def draw_deviations(data: LatentDataset) -> Figure:
    """Return the quantiles of each component minus those of N(0, 1), beside the band of true N(0, 1) components.

    The standard error of the quantile at the share p of n values is sqrt(p (1 - p) / n) over the density there.
    """
    figure = Figure((9, 6), layout="constrained")
    grid = np.linspace(-DEVIATION_REACH, DEVIATION_REACH, 121)
    shares = norm.cdf(grid)
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    for line, split, title in zip(panels, (data.train, data.test), ("train", "test"), strict=True):
        band = norm.isf((1 - BAND) / 2) * np.sqrt(shares * (1 - shares) / len(split)) / norm.pdf(grid)
        for axes, space in zip(line, ("x", "y"), strict=True):
            own = np.quantile(getattr(split, space), shares, axis=0) - grid[:, None]
            axes.fill_between(grid, -band, band, color="tab:gray", alpha=0.3, label=f"{BAND:.1%} of true N(0, 1)")
            axes.plot(grid, own, color="tab:blue", linewidth=0.5, alpha=0.6)
            axes.plot(grid, own.mean(axis=1), color="black", linewidth=1.5, label="mean of the components")
            axes.set_title(f"{data.name}: {space}, {len(split):,} {title} rows", fontsize="medium")
        line[0].set_ylabel("quantile minus that of N(0, 1)")
        line[0].legend(loc="upper center", fontsize="small")
    figure.supxlabel("quantile of N(0, 1)")
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
    """Return t-SNE maps of raw test inputs and of their x in the directions of the classes, coloured by class.

    Maps of all of x, or of y, would be round clouds, as of any N(0, I).
    """
    rows = np.random.default_rng(SEED).permutation(len(data.test))[:TSNE_ROWS]
    raw = source.inputs_test[rows].reshape(len(rows), -1).astype(np.float32)
    directed = find_directions(data.train.x, data.train.label).transform(data.test.x[rows])
    return draw_maps({"raw inputs": raw, "x, the directions of the classes": directed}, data.test.label[rows])


def draw_maps(views: Mapping[str, Array], labels: Array) -> Figure:
    """Return t-SNE maps of several views `(n, d)` of the same rows, coloured by class `(n,)`, with a legend."""
    figure = Figure((4 * len(views), 4.5), layout="constrained")
    for axes, (title, values) in zip(figure.subplots(1, len(views), squeeze=False)[0], views.items(), strict=True):
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
