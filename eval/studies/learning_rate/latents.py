"""The arms on latents: the learning rate of a linear learner beside its exact optimum.

A linear map learns x -> y by plain steps on fresh batches of b rows of N(0, I). With noise of variance v, its excess
error D, a mean over the d components of y, follows D' = (1 - 2 e + e^2 (1 + (d + 1) / b)) D + e^2 d v / b at the rate
e: the mean of (I - e S)^2 over the sample covariance S, and the noise of the gradient. A rate of its own for each step
is best at e = D / (D (1 + (d + 1) / b) + d v / b), the gain of a Kalman filter.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from eval.rules.network import Adam
from eval.studies.design.trials import AXIS, Outcome, compare
from eval.studies.double_descent.latents import fit_map
from eval.studies.inputs import Latents
from ld_data.typing import Array, Doubles

HIGHEST = 1.0  # of a rate: the recursion diverges near 1.2
OUTER_RATE = 0.03  # of Adam on the logarithms of rates


class Learner:
    """Trainings of a linear learner from 0, `runs` at once on different rows.

    Attributes:
        start: the excess D of the weights 0.
        noise: v.
    """

    def __init__(self, latents: Latents, steps: int, batch_rows: int, teacher: bool) -> None:
        self.weights, self.noise = fit_map(latents)
        self.d = len(self.weights)
        self.start = float(np.square(self.weights).sum() / self.d)
        self.steps, self.batch_rows = steps, batch_rows
        self._latents, self._teacher = latents, teacher

    def predict(self, rates: Array) -> Doubles:
        """Return the exact excess `(steps + 1,)` before each step and after the last, at rates `(steps,)`."""
        excess = [self.start]
        for rate in rates:
            kept = 1 - 2 * rate + rate**2 * (1 + (self.d + 1) / self.batch_rows)
            excess.append(kept * excess[-1] + rate**2 * self.d * self.noise / self.batch_rows)
        return np.array(excess)

    def find_schedule(self) -> Doubles:
        """Return the best rates `(steps,)`."""
        excess, rates = self.start, []
        for _ in range(self.steps):
            spread, noise = 1 + (self.d + 1) / self.batch_rows, self.d * self.noise / self.batch_rows
            rates.append(excess / (spread * excess + noise))
            excess *= 1 - rates[-1]
        return np.array(rates)

    def find_constant(self, last: bool) -> float:
        """Return the best constant rate for the excess after the last step, or for the mean before each step."""

        def measure(logarithm: float) -> float:
            excess = self.predict(np.full(self.steps, np.exp(logarithm)))
            return float(excess[-1] if last else excess[:-1].mean())

        return float(np.exp(minimize_scalar(measure, bounds=(np.log(1e-4), 0), method="bounded").x))

    def draw(self, runs: int, random: np.random.Generator) -> tuple[Doubles, Doubles]:
        """Return x and y `(steps, runs, batch_rows, d)` of trainings."""
        shape = (runs, self.steps, self.batch_rows)
        if self._teacher:
            x = random.standard_normal((*shape, self.d))
            y = x @ self.weights + np.sqrt(self.noise) * random.standard_normal(x.shape)
        else:
            rows = random.integers(len(self._latents.x), size=shape)  # of all, again and again: no sample is used up
            x, y = self._latents.x[rows], self._latents.y[rows]
        return x.swapaxes(0, 1), y.swapaxes(0, 1)

    def train(self, rates: Array, x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
        """Return what is left to learn, `(steps + 1, runs, d, d)`, and the gradient of each step `(steps, ...)`."""
        own = np.zeros((x.shape[1], self.d, self.d))
        left, gradients = [own - self.weights], []
        for rate, inputs, targets in zip(rates, x, y, strict=True):
            gradients.append(inputs.swapaxes(1, 2) @ (inputs @ own - targets) / self.batch_rows)
            own = own - rate * gradients[-1]
            left.append(own - self.weights)
        return np.array(left), np.array(gradients)

    def find_slopes(self, rates: Array, x: Doubles, y: Doubles, last: bool) -> Doubles:
        """Return the derivatives `(steps,)` of the mean over runs of an excess by the rates, by reverse mode."""
        left, gradients = self.train(rates, x, y)
        share = 0.0 if last else 2 / (self.d * self.steps)
        adjoint = 2 / self.d * left[-1] if last else np.zeros_like(left[-1])
        slopes = np.empty(self.steps)
        for step in reversed(range(self.steps)):
            slopes[step] = -np.einsum("rij,rij->", adjoint, gradients[step]) / len(adjoint)
            inputs = x[step]
            turned = inputs.swapaxes(1, 2) @ (inputs @ adjoint) / self.batch_rows
            adjoint = adjoint - rates[step] * turned + share * left[step]
        return slopes


def measure_recursion(
    latents: Latents, seed: int, *, rates: Sequence[float], runs: int, steps: int, batch_rows: int, teacher: bool
) -> Outcome:
    """Return the mean excess over a training, measured and by the recursion, over constant rates."""
    learner, random = Learner(latents, steps, batch_rows, teacher), np.random.default_rng((seed, 5 + teacher))
    draws, theory = [], []
    for rate in rates:
        own = np.full(steps, rate)
        left = learner.train(own, *learner.draw(runs, random))[0]
        draws.append(np.square(left[:-1]).sum(axis=(2, 3)).mean(axis=0) / learner.d)
        theory.append(learner.predict(own)[:-1].mean())
    curves = compare(rates, np.array(draws), theory)
    ratio = float(np.abs(np.array(curves["measured"]) / theory - 1).max())
    return Outcome({"worst_ratio": ratio}, curves)


def learn_rates(latents: Latents, seed: int, *, outer: int, runs: int, steps: int, batch_rows: int) -> Outcome:
    """Return learned rates beside the best: a constant for the mean and for the last excess, and one for each step.

    Adam descends on their logarithms through trainings on fresh rows; the average of the second half counts.
    """
    learner, random = Learner(latents, steps, batch_rows, teacher=False), np.random.default_rng((seed, 7))
    figures: dict[str, float] = {}
    for name, last in (("mean", False), ("last", True)):
        rate, best = learn(learner, last, False, outer, runs, random)[0], learner.find_constant(last)
        figures |= {f"constant_{name}": float(rate), f"best_constant_{name}": best}
        figures[f"ratio_{name}"] = float(rate / best)
    rates, best_rates = learn(learner, True, True, outer, runs, random), learner.find_schedule()
    excess, least = learner.predict(rates)[-1], learner.predict(best_rates)[-1]
    figures |= {"schedule_excess": float(excess), "best_schedule_excess": float(least)}
    figures |= {
        "ratio_schedule": float(excess / least),
        "ratio_rates": float(np.exp(np.log(rates / best_rates).mean())),
    }
    axis = [float(step) for step in range(steps)]
    return Outcome(figures, {AXIS: axis, "learned": rates.tolist(), "best": best_rates.tolist()})


def learn(learner: Learner, last: bool, free: bool, outer: int, runs: int, random: np.random.Generator) -> Doubles:
    """Return rates `(steps,)`, learned from 0.02 on: all the same, or each one free."""
    logs = np.full(learner.steps if free else 1, np.log(0.02))
    adam, seen = Adam([logs.astype(np.float32)]), []
    for step in range(outer):
        rates = np.minimum(HIGHEST, np.exp(logs)) * np.ones(learner.steps)
        slopes = rates * learner.find_slopes(rates, *learner.draw(runs, random), last)
        adam.step([logs], [slopes if free else slopes.sum(keepdims=True)], OUTER_RATE)
        if 2 * step >= outer:
            seen.append(logs.copy())
    return np.exp(np.mean(seen, axis=0)) * np.ones(learner.steps)
