"""The arms on latents: y in another order has nothing to do with x, and is learned by heart.

Least squares on n rows and p components of x from N(0, I) leave of such y, with variance v, the exact mean training
error v (1 - p / n): it is 0 from p = n on, where the p K weights are as many as the n K targets of K outputs. A network
with fewer weights than targets cannot meet them all either.
"""

from collections.abc import Sequence

import numpy as np

from eval.studies.design.trials import AXIS, Outcome, compare
from eval.studies.double_descent.latents import measure_threshold
from eval.studies.double_descent.widths import count_parameters
from eval.studies.inputs import Latents


def measure_permuted(latents: Latents, seed: int, *, rows: int, parameters: Sequence[int], draws: int) -> Outcome:
    """Return the training error of least squares over p, for x and y of other rows each.

    Components beyond those of x are further draws from N(0, 1). `left` is the largest error at p = n, to 12 digits.
    """
    random, y = np.random.default_rng((seed, 11)), latents.y - latents.y.mean(axis=0)
    more = max(0, rows - latents.x.shape[1])
    errors = np.empty((draws, len(parameters) + 1))
    for draw in range(draws):
        chosen, others = random.integers(len(y), size=(2, rows))
        x = np.hstack([latents.x[chosen], random.standard_normal((rows, more))])
        for place, p in enumerate([*parameters, rows]):
            base = np.linalg.qr(x[:, :p])[0]
            errors[draw, place] = np.square(y[others] - base @ (base.T @ y[others])).mean()
    theory = [np.square(y).mean() * (1 - p / rows) for p in parameters]
    curves = compare(parameters, errors[:, :-1].T, theory)
    return Outcome({"left": round(float(errors[:, -1].max()), 12)}, curves)


def measure_memory(
    latents: Latents, seed: int, *, outputs: int, widths: Sequence[int], rows: int, steps: int, rate: float
) -> Outcome:
    """Return the training error of networks d-h-h-K on permuted y over their weights and biases, as a share of n K."""
    order = np.random.default_rng((seed, 12)).permutation(len(latents.y))
    permuted = Latents(latents.x, latents.y[order], latents.sha256)
    plan = {"outputs": outputs, "widths": widths, "rows": rows, "steps": steps, "rate": rate}
    curves = measure_threshold(permuted, seed, **plan).curves  # type: ignore[arg-type]
    shares = count_parameters(np.array(widths, float), outputs, latents.x.shape[1]) / (rows * outputs)
    return Outcome({}, {AXIS: np.round(shares, 3).tolist(), "train_loss": curves["train_loss"]})
