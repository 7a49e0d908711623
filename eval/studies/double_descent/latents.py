"""The arms on latents, whose error is known exactly: least squares over parameters and over rows, and networks.

With x from N(0, I), n rows, p components of x in use and noise of variance v, least squares of least norm have the
mean squared error v (1 + p / (n - p - 1)) for p < n - 1, and b (1 - n / p) + v (1 + n / (p - n - 1)) for p > n + 1.
Here b is the squared norm of the true weights in use, and v = s + the squared norm of those that are not (Belkin, Hsu
and Xu, "Two models of double descent for weak features", 2020; Hastie et al., "Surprises in high-dimensional ridgeless
least squares interpolation", 2022). Errors are means over the d components of y.
"""

from collections.abc import Callable, Sequence

import numpy as np

from eval.studies.design.trials import AXIS, Outcome, compare
from eval.studies.double_descent.widths import CURVES, count_parameters, find_peak
from eval.studies.inputs import Latents
from eval.studies.perceptron import Perceptron, Training, squared_error, train
from ld_data.typing import Array, Doubles

Draw = Callable[[np.random.Generator, int], tuple[Array, Array]]
TEST_ROWS = 2_000


def predict_error(n: int, p: int, used: float, noise: float) -> float:
    """Return the exact mean squared error: `used` and `noise` are b and v of the module's formula."""
    if p < n - 1:
        return noise * (1 + p / (n - p - 1))
    return used * (1 - n / p) + noise * (1 + n / (p - n - 1))


def fit_map(latents: Latents) -> tuple[Doubles, float]:
    """Return the linear map `(d, d)` of least squares from x to y, and its mean squared error."""
    weights = np.linalg.lstsq(latents.x, latents.y)[0]
    return weights, float(np.square(latents.y - latents.x @ weights).mean())


def measure_parameters(latents: Latents, seed: int, *, rows: int, parameters: Sequence[int], draws: int) -> Outcome:
    """Return the error of least squares on n rows over the number p of components of x in use.

    Components beyond those of x are further draws from N(0, 1).
    """
    weights, rest = fit_map(latents)
    d, random = len(weights), np.random.default_rng((seed, 1))
    energy = np.square(weights).sum(axis=1) / weights.shape[1]  # of each component of x, a mean over those of y
    errors: list[list[float]] = [[] for _ in parameters]
    for _ in range(draws):
        x, y, x_test, y_test = _split(latents.x, latents.y, rows, random)
        more = max(0, max(parameters) - d)
        x, x_test = (np.hstack([part, random.standard_normal((len(part), more))]) for part in (x, x_test))
        for place, p in enumerate(parameters):
            own = np.linalg.lstsq(x[:, :p], y)[0]
            errors[place].append(float(np.square(x_test[:, :p] @ own - y_test).mean()))
    theory = [predict_error(rows, p, energy[:p].sum(), rest + energy[p:].sum()) for p in parameters]
    return _judge(parameters, errors, theory)


def measure_rows(latents: Latents, seed: int, *, rows: Sequence[int], draws: int, teacher: bool) -> Outcome:
    """Return the error of least squares on all components of x over the number of rows n.

    With a teacher, y is its linear map of x plus normal noise of the same variance, as the formula assumes.
    """
    weights, rest = fit_map(latents)
    d, random = len(weights), np.random.default_rng((seed, 2 + teacher))
    errors: list[list[float]] = [[] for _ in rows]
    for _ in range(draws):
        for place, n in enumerate(rows):
            if teacher:
                x = random.standard_normal((n, d))
                own = np.linalg.lstsq(x, x @ weights + np.sqrt(rest) * random.standard_normal((n, d)))[0]
                errors[place].append(float(np.square(own - weights).sum() / d + rest))  # its mean over all test rows
            else:
                x, y, x_test, y_test = _split(latents.x, latents.y, n, random)
                errors[place].append(float(np.square(x_test @ np.linalg.lstsq(x, y)[0] - y_test).mean()))
    used = float(np.square(weights).sum() / d)
    return _judge(rows, errors, [predict_error(n, d, used, rest) for n in rows])


def measure_threshold(
    latents: Latents, seed: int, *, outputs: int, widths: Sequence[int], rows: int, steps: int, rate: float
) -> Outcome:
    """Return the errors of networks d-h-h-K over h, trained by Adam on the squared error of the first K outputs.

    `peak` is the logarithm to base 2 of the weights and biases at the largest test error, over n * K.
    """
    random = np.random.default_rng((seed, 4))
    x, y, x_test, y_test = (part.astype(np.float32) for part in _split(latents.x, latents.y, rows, random))
    y, y_test = y[:, :outputs], y_test[:, :outputs]
    measured = []
    for width in widths:
        own = np.random.default_rng((seed, outputs, width))
        network = Perceptron([x.shape[1], width, width, outputs], own)
        train(network, x, y, squared_error, Training(rate, steps), own)
        measured.append([float(np.square(network.predict(a) - b).mean()) for a, b in ((x, y), (x_test, y_test))])
    errors = np.array(measured).T
    curves = {AXIS: [float(width) for width in widths], **dict(zip(CURVES[2:], errors.tolist(), strict=True))}
    peak = find_peak(np.array(widths), errors[1])
    parameters = count_parameters(peak, outputs, x.shape[1])
    figures = {"peak_width": peak, "peak_loss": float(errors[1].max())}
    return Outcome(figures | {"peak": float(np.log2(parameters / (rows * outputs)))}, curves)


def _split(x: Array, y: Array, rows: int, random: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Return x and y of so many rows, and of other rows for a test, all drawn anew."""
    chosen = random.choice(len(x), rows + min(TEST_ROWS, len(x) // 2), replace=False, shuffle=True)
    fit, test = chosen[:rows], chosen[rows:]
    return x[fit], y[fit], x[test], y[test]


def _judge(places: Sequence[int], errors: Sequence[Sequence[float]], theory: Sequence[float]) -> Outcome:
    """Return the curves of `compare` for errors of draws, and how far their means are from the theory."""
    curves = compare(places, np.array(errors), theory)
    ratio = np.abs(curves["measured"] / np.array(theory) - 1)
    return Outcome({"worst_ratio": float(ratio.max()), "mean_ratio": float(ratio.mean())}, curves)
