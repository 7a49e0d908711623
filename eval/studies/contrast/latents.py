"""The arms on latents: a contrast of x with its own y, whose ceiling is known.

y is N(0, I) cut into cells of the classes, and depends on x through the class alone, so that x and y share at most the
entropy H of the class. InfoNCE of a batch of N pairs estimates what they share as log N minus the mean loss of finding
the y of each x among all N (van den Oord et al., 2018), and is no higher on average. A critic that knows both classes
scores 0 for the same class and minus infinity otherwise. No other reaches more, and its estimate is exactly
log N - sum_c p_c E log(1 + B_c), where B_c, the number of further pairs of the class, is binomial (N - 1, p_c).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import binom

from eval.rules.network import Adam
from eval.studies.design.trials import AXIS, Outcome, compare
from eval.studies.inputs import RELEASE
from eval.studies.perceptron import Loss, Perceptron, Training, iterate_batches
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import load
from ld_data.storage.hashing import hash_arrays
from ld_data.typing import Array, Doubles, Floats


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs (x, y) of a release."""

    data: LatentDataset
    sha256: str


@cache
def load_pairs() -> Pairs:
    """Return the pairs of `ld-mnist-32`; raises as `ld_data.load`."""
    data = load(RELEASE)
    return Pairs(data, hash_arrays(data.train.x, data.train.y, data.test.x, data.test.y))


def find_shares(data: LatentDataset) -> Doubles:
    """Return the frequencies `(k,)` of the classes among the training rows."""
    return np.bincount(data.train.label) / len(data.train)


def find_ceiling(shares: Doubles, rows: int) -> float:
    """Return the exact mean estimate in nats, for N rows, of the critic that knows classes of frequencies `(k,)`."""
    others = np.arange(rows)
    chances = binom.pmf(others, rows - 1, shares[:, None])
    return float(np.log(rows) - shares @ (chances @ np.log1p(others)))


def measure_ceiling(pairs: Pairs, seed: int, *, rows: Sequence[int], draws: int) -> Outcome:
    """Return the estimate of the critic that knows the classes over the rows of a batch, measured and exact.

    It knows the class of x by its label, and that of y by its cell. The figure `entropy` is H in nats.
    """
    data, random, shares = pairs.data, np.random.default_rng((seed, 9)), find_shares(pairs.data)
    of_y, estimates = data.classify(data.train.y), np.empty((len(rows), draws))
    for place, draw in np.ndindex(estimates.shape):
        batch = random.integers(len(of_y), size=rows[place])
        same = np.bincount(of_y[batch], minlength=data.classes)[data.train.label[batch]]
        estimates[place, draw] = np.log(rows[place]) - np.log(same).mean()
    curves = compare(rows, estimates, [find_ceiling(shares, count) for count in rows])
    return Outcome({"entropy": float(-shares @ np.log(shares))}, curves)


@dataclass(frozen=True)
class Contrast:
    """A training of two encoders, of x and of y, by Adam.

    Attributes:
        units: of both hidden layers of each.
        temperature: the divisor of cosines.
    """

    units: int
    temperature: float
    training: Training


def measure_encoders(
    pairs: Pairs,
    seed: int,
    *,
    widths: Sequence[int],
    train_rows: int,
    steps: int,
    batch_rows: int,
    units: int,
    rate: float,
    temperature: float,
) -> Outcome:
    """Return the estimates in nats of two encoders over the width of their embedding, on held-out and training rows.

    `accuracy` is the share in % of test x whose embedding is nearest to that of their class's mean y. The figure
    `ceiling` is `find_ceiling` for the batch.
    """
    data, plan = pairs.data, Contrast(units, temperature, Training(rate, steps, batch_rows))
    x, y = data.train.x[:train_rows], data.train.y[:train_rows]
    curves: dict[str, list[float]] = {AXIS: [float(width) for width in widths]}
    for width in widths:
        random = np.random.default_rng((seed, width))
        encoders = train_encoders(x, y, width, plan, random)
        inside = estimate(*encoders, x, y, plan)
        outside = estimate(*encoders, data.test.x, data.test.y, plan)
        codes, seen = encoders[1].predict(data.class_mean), encoders[0].predict(data.test.x)
        right = 100 * np.mean(find_cosines(seen, codes).argmax(axis=1) == data.test.label)
        for name, value in (("estimate", outside), ("train_estimate", inside), ("accuracy", right)):
            curves.setdefault(name, []).append(float(value))
    return Outcome({"ceiling": find_ceiling(find_shares(data), batch_rows)}, curves)


def train_encoders(
    x: Floats, y: Floats, width: int, plan: Contrast, random: np.random.Generator
) -> tuple[Perceptron, Perceptron]:
    """Return encoders of x and y `(n, d)` into so many dimensions, trained to find each other's row in a batch."""
    first, second = (Perceptron([x.shape[1], plan.units, plan.units, width], random) for _ in range(2))
    optimizers = [Adam([its.values]) for its in (first, second)]
    for inputs, targets in iterate_batches(x, y, plan.training, random):
        codes = first.predict(inputs), second.predict(targets)
        for network, optimizer, rows, other, turned in (
            (first, optimizers[0], inputs, codes[1], False),
            (second, optimizers[1], targets, codes[0], True),
        ):
            gradient = network.find_gradient(rows, other, make_loss(plan.temperature, turned))[1]
            optimizer.step([network.values], [gradient], plan.training.rate)
    return first, second


def make_loss(temperature: float, turned: bool) -> Loss:
    """Return InfoNCE as a loss of one embedding `(n, e)` beside the other; `turned` for that of y.

    The rows of x look for their y among all y of the batch; the slope is by the embedding that is learned.
    """

    def contrast(own: Array, other: Array) -> tuple[Array, Array]:
        (own_unit, norms), (other_unit, _) = normalise(own), normalise(other)
        scores = own_unit @ other_unit.T / own.dtype.type(temperature)
        losses, shares = find_losses(scores.T if turned else scores)
        shares[np.diag_indices(len(shares))] -= 1
        slope = (shares.T if turned else shares) @ other_unit / own.dtype.type(temperature)
        slope -= (slope * own_unit).sum(axis=1, keepdims=True) * own_unit
        return losses, slope / norms

    return contrast


def find_losses(scores: Array) -> tuple[Array, Array]:
    """Return the negative log-likelihood `(n,)` of the diagonal of scores `(n, n)` by rows, and all shares `(n, n)`."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    shares = np.exp(shifted)
    totals = shares.sum(axis=1, keepdims=True)
    return np.log(totals[:, 0]) - shifted.diagonal(), shares / totals


def normalise(values: Array) -> tuple[Array, Array]:
    """Return rows `(n, e)` of length 1, and their lengths `(n, 1)`."""
    norms = np.linalg.norm(values, axis=1, keepdims=True) + values.dtype.type(1e-8)
    return values / norms, norms


def find_cosines(first: Array, second: Array) -> Array:
    """Return the cosines `(n, m)` of rows `(n, e)` and `(m, e)`."""
    return normalise(first)[0] @ normalise(second)[0].T


def estimate(first: Perceptron, second: Perceptron, x: Floats, y: Floats, plan: Contrast) -> float:
    """Return what x and y `(n, d)` share in nats by InfoNCE, a mean over batches."""
    codes, size = (first.predict(x), second.predict(y)), plan.training.batch_rows
    starts = range(0, len(x) - size + 1, size)
    batches = ([its[start : start + size] for its in codes] for start in starts)
    losses = [find_losses(find_cosines(*batch) / plan.temperature)[0].mean() for batch in batches]
    return float(np.log(size) - np.mean(losses))
