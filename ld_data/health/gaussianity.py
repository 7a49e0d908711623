"""How far latents `(n, d)` are from N(0, I): moments, and distances of their one-dimensional projections.

By the theorem of Cramer and Wold a distribution is N(0, I) if and only if each of its projections is N(0, 1). The
sliced measures therefore take many random directions.
"""

from collections.abc import Iterator

import numpy as np
from scipy import stats
from scipy.linalg import eigvalsh

from ld_data.noise import make_normals
from ld_data.typing import Array

DIRECTIONS = 1000
DIRECTION_SEED = 0
DIRECTION_STREAM = 1 << 40
REACH = 8.0  # projections beyond +-8 are counted at the edge: N(0, 1) has 1e-15 of its mass there
BIN_WIDTH = 0.01
CHUNK_DIRECTIONS = 50
FREQUENCIES = np.linspace(0.05, 5.0, 100)
LEAST_SHARE = 1e-9  # of the whole variance: the assumed variance of a constant component

EDGES = np.linspace(-REACH, REACH, round(2 * REACH / BIN_WIDTH) + 1)
CENTRES = (EDGES[1:] + EDGES[:-1]) / 2


def measure_moments(latents: Array) -> dict[str, float]:
    """Return the moments of latents `(n, d)`, the worst over components, pairs of components, and directions.

    worst_mean (of |mean|), least_std and greatest_std; least_eigenvalue and greatest_eigenvalue of the covariance;
    worst_correlation; worst_skew and worst_kurtosis (of the absolute skew and excess kurtosis; 0 for a constant).
    """
    values = latents.astype(np.float64)
    std = values.std(axis=0)
    eigenvalues = np.linalg.eigvalsh(np.atleast_2d(np.cov(values, rowvar=False)))
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant component has no correlation
        correlation = np.atleast_2d(np.nan_to_num(np.corrcoef(values, rowvar=False)))
    np.fill_diagonal(correlation, 0.0)
    varying = values[:, std > 0]
    return {
        "worst_mean": _worst(values.mean(axis=0)),
        "least_std": float(std.min()),
        "greatest_std": float(std.max()),
        "least_eigenvalue": float(eigenvalues[0]),
        "greatest_eigenvalue": float(eigenvalues[-1]),
        "worst_correlation": _worst(correlation),
        "worst_skew": _worst(stats.skew(varying)),
        "worst_kurtosis": _worst(stats.kurtosis(varying)),
    }


def measure_slices(latents: Array) -> dict[str, float]:
    """Return the distances of 1,000 projections of latents `(n, d)` from N(0, 1), their mean and the worst.

    epps_pulley: n times the integral of |empirical - normal characteristic function|^2, weighted by the density of
    N(0, 1) (Epps and Pulley, "A test for normality based on the empirical characteristic function", Biometrika 1983).
    wasserstein: the first Wasserstein distance, the area between the two distribution functions.
    Projections are counted in bins of width 0.01.
    """
    weight = stats.norm.pdf(FREQUENCIES)
    weight *= 2 * (FREQUENCIES[1] - FREQUENCIES[0])  # the integrand is even
    waves = np.exp(1j * CENTRES[:, None] * FREQUENCIES)
    normal_transform = np.exp(-0.5 * np.square(FREQUENCIES))
    normal_below = stats.norm.cdf(EDGES[1:])
    epps_pulley, wasserstein = [], []
    for shares in _project(latents):
        gap = shares @ waves - normal_transform
        epps_pulley.append(len(latents) * (np.square(np.abs(gap)) @ weight))
        wasserstein.append(np.abs(np.cumsum(shares, axis=1) - normal_below).sum(axis=1) * BIN_WIDTH)
    distances = {"epps_pulley": np.concatenate(epps_pulley), "wasserstein": np.concatenate(wasserstein)}
    return {
        f"{name}_{kind}": float(summarise(values))
        for name, values in distances.items()
        for kind, summarise in (("mean", np.mean), ("worst", np.max))
    }


def count_repeats(*latents: Array) -> int:
    """Return the number of rows of the arrays, each `(n, d)`, that equal an earlier row of any of them."""
    rows = np.ascontiguousarray(np.concatenate(latents).astype(np.float32) + np.float32(0))  # -0 is 0
    return len(rows) - len(np.unique(rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1])))))


def measure_signal(first: Array, second: Array) -> tuple[Array, Array]:
    """Return the eigenvalues of Cov(E[x | input]), and those relative to Cov(x); both ascending `(d,)`.

    The relative eigenvalues are the shares of the variance that come from the input, in their principal directions. The
    arguments are two draws `(n, d)` of each input: given the input they are independent, so that their cross-covariance
    is the covariance of their common part.
    """
    first, second = (draw - draw.mean(axis=0, dtype=np.float64) for draw in (first, second))
    cross = first.T @ second / (len(first) - 1)
    shared = (cross + cross.T) / 2
    total = (np.cov(first, rowvar=False) + np.cov(second, rowvar=False)) / 2
    total += np.eye(len(total)) * LEAST_SHARE * np.trace(total)  # a constant component has no signal: 0 / 0
    return eigvalsh(shared), eigvalsh(shared, total)


def _worst(values: Array) -> float:
    return float(np.abs(values).max(initial=0.0))


def _project(latents: Array) -> Iterator[Array]:
    """Yield the shares of rows in each bin of width `BIN_WIDTH`, `(directions, bins)`, chunk after chunk."""
    values = latents.astype(np.float32)
    directions = make_normals(DIRECTION_SEED, DIRECTION_STREAM, 0, DIRECTIONS, latents.shape[1])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for start in range(0, DIRECTIONS, CHUNK_DIRECTIONS):
        projections = directions[start : start + CHUNK_DIRECTIONS].astype(np.float32) @ values.T
        places = np.clip((projections + REACH) / BIN_WIDTH, 0, len(CENTRES) - 1).astype(np.intp)
        yield np.array([np.bincount(row, minlength=len(CENTRES)) for row in places]) / len(latents)
