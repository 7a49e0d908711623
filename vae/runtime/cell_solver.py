"""The solver of cells: W, b and class means for given class frequencies, in closed form or nearly so.

If k - 1 <= d, the columns of W are a regular simplex. Their scores W^T y are then distributed as k independent normals
minus their common mean, up to a factor; cell frequencies and class means are integrals over one variable. In fewer
dimensions the columns are spread on the sphere, and the same quantities are averages over quasi-random points; the
aggregate is then N(0, I) up to about 1e-3 in the mass of a cell.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import hadamard, helmert
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtri
from scipy.stats import qmc

from ld_data.checks import check_labels, check_numbers
from ld_data.errors import InputError
from ld_data.typing import Array
from vae.runtime.cells import Cells

QUASI_RANDOM_POINTS = 2**17
TOLERANCE = 1e-3  # the greatest error of a cell's mass that is an average over points
QUADRATURE_NODES = np.linspace(-10.0, 10.0, 801)


def make_cells(frequency: Array, latent_dim: int) -> Cells:
    """Return cells in `latent_dim` dimensions whose masses are `frequency` `(k,)`, positive, scaled to sum to 1.

    Raises:
        InputError: a class is absent, or the classes do not fit into the dimensions.
    """
    frequency = check_numbers(frequency, "frequency").astype(np.float64)
    if frequency.ndim != 1 or len(frequency) < 2 or not (frequency > 0).all():
        raise InputError(f"frequency must be (k,) positive numbers, k of 2 or more; received {frequency}.")
    if latent_dim < 2:
        raise InputError(f"latent_dim must be 2 or more; received {latent_dim}.")
    frequency = frequency / frequency.sum()
    make = _make_simplex_cells if len(frequency) - 1 <= latent_dim else _make_sphere_cells
    weight, bias, mean = make(frequency, latent_dim)
    return Cells(weight.astype(np.float32), bias.astype(np.float32), mean.astype(np.float32), frequency)


def make_cells_of(labels: Array, classes: int, latent_dim: int) -> Cells:
    """Return cells whose masses are the class frequencies of `labels` `(n,)`; raises as `make_cells`."""
    return make_cells(np.bincount(check_labels(labels, classes), minlength=classes), latent_dim)


def _make_simplex_cells(frequency: Array, latent_dim: int) -> tuple[Array, Array, Array]:
    """Return W `(d, k)`, b `(k,)` and class means `(k, d)` of a regular simplex, by quadrature."""
    classes = len(frequency)
    factor = np.sqrt(classes / (classes - 1))  # makes the columns of W unit vectors
    simplex = _make_even_basis(latent_dim, classes - 1) @ helmert(classes)
    bias = _solve_bias(_integrate_simplex, frequency)
    _, mass, flow = _integrate_simplex(bias)
    return factor * simplex, factor * bias, (flow / mass[:, None]) @ simplex.T


def _integrate_simplex(bias: Array) -> tuple[float, Array, Array]:
    """Return E[max(v + bias)], its gradient (the cells' masses `(k,)`) and its Hessian `(k, k)`, for v ~ N(0, I_k).

    Cell c has mass integral of phi(v) prod_{j != c} Phi(v + bias_c - bias_j) dv. By Stein's lemma the Hessian's row c
    is also E[v; cell c], from which the class means follow.
    """
    classes = len(bias)
    nodes = QUADRATURE_NODES
    step = nodes[1] - nodes[0]
    reach = nodes[:, None, None] + bias[:, None] - bias  # (nodes, c, j): the bound of v_j if c wins
    log_phi = -0.5 * np.square(reach) - 0.5 * np.log(2 * np.pi)
    log_below = log_ndtr(reach)
    log_below[:, np.arange(classes), np.arange(classes)] = 0.0
    log_own = (-0.5 * np.square(nodes) - 0.5 * np.log(2 * np.pi))[:, None]
    log_win = log_own + log_below.sum(axis=2)
    mass = np.exp(log_win).sum(axis=0) * step
    border = np.exp(log_win[:, :, None] - log_below + log_phi).sum(axis=0) * step
    np.fill_diagonal(border, 0.0)
    hessian = np.diag(border.sum(axis=1)) - border
    return float(np.trace(hessian) + mass @ bias), mass, hessian


def _make_sphere_cells(frequency: Array, latent_dim: int) -> tuple[Array, Array, Array]:
    """Return W, b and class means of codewords spread on the sphere, by averages over quasi-random points."""
    weight = _spread_on_sphere(len(frequency), latent_dim)
    uniforms = qmc.Sobol(latent_dim, rng=0).random(QUASI_RANDOM_POINTS)
    points = ndtri(np.clip(uniforms, 1e-12, 1 - 1e-12))
    scores = points @ weight

    def average(bias: Array) -> tuple[float, Array, None]:
        shifted = scores + bias
        mass = np.bincount(shifted.argmax(axis=1), minlength=len(bias)) / len(points)
        return float(shifted.max(axis=1).mean()), mass, None

    bias = _solve_bias(average, frequency)
    winner = np.argmax(scores + bias, axis=1)
    mass = np.bincount(winner, minlength=len(frequency)) / len(points)
    if (mass == 0).any() or np.abs(mass - frequency).max() > TOLERANCE:
        raise InputError(
            f"{len(frequency)} classes with frequencies from {frequency.min():.2g} to {frequency.max():.2g} do not fit "
            f"into {latent_dim} dimensions. Use at least {len(frequency) - 1}, or merge rare classes."
        )
    means = [points[winner == label].mean(axis=0) for label in range(len(frequency))]
    return weight, bias, np.array(means)


Potential = Callable[[Array], tuple[float, Array, Array | None]]


def _solve_bias(potential: Potential, frequency: Array) -> Array:
    """Return the biases at which the cells' masses equal `frequency`.

    They minimise the convex E[max(scores + b)] - frequency . b, whose gradient is mass - frequency: semi-discrete
    optimal transport (Aurenhammer, Hoffmann and Aronov, "Minkowski-type theorems and least-squares clustering", 1998).
    Newton's method solves it where a Hessian is known.
    """
    start = np.zeros(len(frequency))
    has_hessian = potential(start)[2] is not None

    def objective(bias: Array) -> tuple[float, Array]:
        value, mass, _ = potential(bias)
        return value - float(frequency @ bias), mass - frequency

    options = {"gtol": 1e-12} if has_hessian else {"gtol": 1e-6, "ftol": 1e-15, "maxiter": 500}
    found = minimize(
        objective,
        start,
        jac=True,
        hess=(lambda bias: potential(bias)[2]) if has_hessian else None,
        method="trust-exact" if has_hessian else "L-BFGS-B",
        options=options,
    )
    return found.x - found.x.mean()


def _make_even_basis(latent_dim: int, size: int) -> Array:
    """Return `(d, size)` orthonormal columns in which all coordinates have nearly the same share.

    Columns of a Hadamard matrix where d is a power of 2, else of the real Fourier basis.
    """
    if latent_dim & (latent_dim - 1) == 0:
        columns = np.roll(hadamard(latent_dim), -1, axis=1)  # the constant column comes last
    else:
        rows, waves = np.arange(latent_dim)[:, None], np.arange(1, latent_dim // 2 + 1)
        angle = 2 * np.pi * rows * waves / latent_dim
        pairs = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(latent_dim, -1)[:, : latent_dim - 1]
        columns = np.concatenate([pairs, np.ones((latent_dim, 1))], axis=1)
    chosen = columns[:, :size].astype(np.float64)
    return chosen / np.linalg.norm(chosen, axis=0)


def _spread_on_sphere(count: int, latent_dim: int) -> Array:
    """Return `(d, count)` unit columns that repel each other (inverse-square energy), from a fixed start."""
    start = ndtri(qmc.Halton(latent_dim, scramble=False).random(count + 1)[1:])
    pairs = np.triu_indices(count, 1)

    def energy(flat: Array) -> tuple[float, Array]:
        free = flat.reshape(count, latent_dim)
        norm = np.linalg.norm(free, axis=1, keepdims=True)
        unit = free / norm
        gap = unit[pairs[0]] - unit[pairs[1]]
        inverse = 1.0 / np.square(gap).sum(axis=1)
        push = np.zeros_like(unit)
        force = -2.0 * np.square(inverse)[:, None] * gap
        np.add.at(push, pairs[0], force)
        np.add.at(push, pairs[1], -force)
        tangent = (push - (push * unit).sum(axis=1, keepdims=True) * unit) / norm
        return float(inverse.sum()), tangent.ravel()

    found = minimize(energy, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    free = found.reshape(count, latent_dim)
    return (free / np.linalg.norm(free, axis=1, keepdims=True)).T
