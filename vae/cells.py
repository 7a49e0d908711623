"""The exact class codec: cells of N(0, I), one for each class.

Draw y ~ N(0, I) and let its class be argmax(W^T y + b). Then q(y | c) is N(0, I) restricted to cell c, the aggregate
over classes is exactly N(0, I), the linear decoder (W, b) is always right, and the rate I(y; c) equals H(c): no class
VAE can have a lower negative evidence lower bound.

Where k - 1 <= d, the columns of W are a regular simplex. Their scores W^T y are then distributed as k independent
normals less their common mean, up to a factor, so that cell frequencies and class means are integrals over one
variable. In fewer dimensions the columns are spread on the sphere, and the same quantities are averages over
quasi-random points, so that the aggregate is N(0, I) up to about 1e-3 in the mass of a cell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import hadamard, helmert
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtri
from scipy.stats import qmc

from ld_data.arrays import check_labels, check_vectors
from ld_data.codec import Mode, check_mode
from ld_data.errors import InputError
from ld_data.noise import Y_CELL_STREAM, Y_STREAM, make_normals

MARGIN = 1e-5  # by which the own class must win, so that float32 rounding never changes a class
CHUNK_ROWS = 2048
QUASI_RANDOM_POINTS = 2**17
TOLERANCE = 1e-3  # by which a cell's mass may miss its class's frequency, where it is an average over points
QUADRATURE_NODES = np.linspace(-10.0, 10.0, 801)


@dataclass(frozen=True)
class Cells:
    """The codec of the y space; satisfies `ld_data.codec.YCodec`.

    Attributes:
        class_weight: W `(d, k)` float32, unit columns.
        class_bias: b `(k,)` float32.
        class_mean: E[y | class] `(k, d)` float32.
        frequency: share of each class `(k,)` float64, the mass of its cell.
    """

    class_weight: np.ndarray
    class_bias: np.ndarray
    class_mean: np.ndarray
    frequency: np.ndarray

    @property
    def latent_dim(self) -> int:
        """The latent size d."""
        return int(self.class_weight.shape[0])

    @property
    def classes(self) -> int:
        """The number of classes k."""
        return int(self.class_weight.shape[1])

    @property
    def null(self) -> float:
        """1: y is N(0, I)."""
        return 1.0

    @property
    def floor(self) -> float:
        """The variance within cells per dimension: 1 - sum over classes of frequency |class mean|^2 / d."""
        between = self.frequency @ np.square(self.class_mean.astype(np.float64)).sum(axis=1)
        return float(1.0 - between / self.latent_dim)

    @property
    def rate(self) -> float:
        """I(y; class) in nats: the entropy of the class."""
        return float(-self.frequency @ np.log(self.frequency))

    def encode(self, labels: np.ndarray, mode: Mode = "sample", seed: int = 0, first_row: int = 0) -> np.ndarray:
        """Return `(n, d)` float32: draws from N(0, I) within each label's cell, or the class means (mode "mean").

        Row i of the result depends on `seed` and `first_row` + i alone. Raises `InputError` for another mode, or for
        labels out of range.
        """
        labels = check_labels(labels, self.classes)
        check_mode(mode)
        if mode == "mean":
            return self.class_mean[labels]
        chunks = range(0, len(labels), CHUNK_ROWS)
        return np.concatenate(
            [self._sample(labels[start : start + CHUNK_ROWS], seed, first_row + start) for start in chunks]
        )

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Return p(class | y) `(n, k)` float32 for latents `(n, d)`: 1 for the cell that y lies in, else 0."""
        latents = check_vectors(latents, self.latent_dim)
        winner = np.argmax(latents @ self.class_weight + self.class_bias, axis=1)
        return np.eye(self.classes, dtype=np.float32)[winner]

    def _sample(self, labels: np.ndarray, seed: int, first_row: int) -> np.ndarray:
        """Draw the part of y that decides the class by rejection, and the rest of y freely."""
        rows, span = len(labels), self._span
        scores = span.T @ self.class_weight.astype(np.float64)
        deciding = np.zeros((rows, span.shape[1]))
        waiting = np.arange(rows)
        attempt = 0
        while len(waiting):
            draws = make_normals(seed, Y_CELL_STREAM + attempt, first_row, rows, span.shape[1])[waiting]
            inside = _wins(draws @ scores + self.class_bias, labels[waiting])
            deciding[waiting[inside]] = draws[inside]
            waiting = waiting[~inside]
            attempt += 1
        free = make_normals(seed, Y_STREAM, first_row, rows, self.latent_dim)
        return (free - free @ span @ span.T + deciding @ span.T).astype(np.float32)

    @cached_property
    def _span(self) -> np.ndarray:
        """An orthonormal basis of the columns of W: `(d, min(k - 1, d))`.

        By Gram and Schmidt with fixed signs, so that it is a smooth function of W. A singular value decomposition would
        not do: the singular values of a simplex are equal, which leaves the basis to rounding and so to the processor.
        """
        columns = self.class_weight[:, : min(self.classes - 1, self.latent_dim)].astype(np.float64)
        basis, triangle = np.linalg.qr(columns)
        return basis * np.sign(np.diagonal(triangle))


def make_cells(frequency: np.ndarray, latent_dim: int) -> Cells:
    """Return cells in `latent_dim` dimensions whose masses are `frequency` `(k,)`, positive, scaled to sum to 1.

    Raises `InputError` for fewer than two classes, an absent class, or fewer than two dimensions.
    """
    frequency = np.asarray(frequency, np.float64)
    if frequency.ndim != 1 or len(frequency) < 2 or not (frequency > 0).all():
        raise InputError(f"frequency must be (k,) positive numbers, k of 2 or more; received {frequency}.")
    if latent_dim < 2:
        raise InputError(f"latent_dim must be 2 or more; received {latent_dim}.")
    frequency = frequency / frequency.sum()
    make = _make_simplex_cells if len(frequency) - 1 <= latent_dim else _make_sphere_cells
    weight, bias, mean = make(frequency, latent_dim)
    return Cells(weight.astype(np.float32), bias.astype(np.float32), mean.astype(np.float32), frequency)


def make_cells_of(labels: np.ndarray, classes: int, latent_dim: int) -> Cells:
    """Return cells whose masses are the class frequencies of `labels` `(n,)`; raises as `make_cells`."""
    return make_cells(np.bincount(check_labels(labels, classes), minlength=classes), latent_dim)


def _wins(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return whether each row's own class has the highest score, by the margin."""
    rows = np.arange(len(labels))
    own = scores[rows, labels]
    scores[rows, labels] = -np.inf
    return own > scores.max(axis=1) + MARGIN


def _make_simplex_cells(frequency: np.ndarray, latent_dim: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return W `(d, k)`, b `(k,)` and class means `(k, d)` of a regular simplex, by quadrature."""
    classes = len(frequency)
    factor = np.sqrt(classes / (classes - 1))  # makes the columns of W unit vectors
    simplex = _make_even_basis(latent_dim, classes - 1) @ helmert(classes)
    bias = _solve_bias(_integrate_simplex, frequency)
    _, mass, flow = _integrate_simplex(bias)
    return factor * simplex, factor * bias, (flow / mass[:, None]) @ simplex.T


def _integrate_simplex(bias: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return E[max(v + bias)], its gradient (the cells' masses `(k,)`) and its Hessian `(k, k)`, for v ~ N(0, I_k).

    Cell c has mass integral of phi(v) prod_{j != c} Phi(v + bias_c - bias_j) dv. By Stein's lemma the Hessian's row c
    is also E[v; cell c], from which the class means follow.
    """
    classes = len(bias)
    nodes = QUADRATURE_NODES
    step = nodes[1] - nodes[0]
    reach = nodes[:, None, None] + bias[:, None] - bias  # (nodes, c, j): how far v_j may go if c wins
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


def _make_sphere_cells(frequency: np.ndarray, latent_dim: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return W, b and class means of codewords spread on the sphere, by averages over quasi-random points."""
    weight = _spread_on_sphere(len(frequency), latent_dim)
    uniforms = qmc.Sobol(latent_dim, rng=0).random(QUASI_RANDOM_POINTS)
    points = ndtri(np.clip(uniforms, 1e-12, 1 - 1e-12))
    scores = points @ weight

    def average(bias: np.ndarray) -> tuple[float, np.ndarray, None]:
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


Potential = Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray | None]]


def _solve_bias(potential: Potential, frequency: np.ndarray) -> np.ndarray:
    """Return the biases at which the cells' masses equal `frequency`.

    They minimise the convex E[max(scores + b)] - frequency . b, whose gradient is mass - frequency: semi-discrete
    optimal transport (Aurenhammer, Hoffmann and Aronov, "Minkowski-type theorems and least-squares clustering", 1998).
    By Newton's method where there is a Hessian.
    """
    start = np.zeros(len(frequency))
    has_hessian = potential(start)[2] is not None

    def objective(bias: np.ndarray) -> tuple[float, np.ndarray]:
        value, mass, _ = potential(bias)
        return value - frequency @ bias, mass - frequency

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


def _make_even_basis(latent_dim: int, size: int) -> np.ndarray:
    """Return `(d, size)` orthonormal columns in which every coordinate has, as nearly as possible, the same share.

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


def _spread_on_sphere(count: int, latent_dim: int) -> np.ndarray:
    """Return `(d, count)` unit columns that repel each other (inverse-square energy), from a fixed start."""
    start = ndtri(qmc.Halton(latent_dim, scramble=False).random(count + 1)[1:])
    pairs = np.triu_indices(count, 1)

    def energy(flat: np.ndarray) -> tuple[float, np.ndarray]:
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
