"""The arms on signals: an activation function learned by gradient descent through whole trainings, in JAX.

The notebook's function is ELU(v) + 0.2 g(v), with a small tanh network g. It is tabulated at 1,024 points with its
slope once per training, and read by cubic Hermite interpolation. Noise of g's hidden units moves all its values of a
step by the same amount.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from eval.studies.design.trials import AXIS, Outcome
from eval.studies.inputs import Signals, make_signals, to_one_hot
from eval.studies.lottery.tickets import TwoSets
from eval.studies.perceptron import Perceptron
from ld_data.typing import Array

Bend: TypeAlias = Callable[[Any], Any]
SIZES, OWN_SIZES = (40, 128, 10), (1, 100, 1)
EDGE, POINTS = 8.0, 1_024  # of the table
BATCH_ROWS, RATE, DECAY = 100, 0.01, 0.4
SHARE, NOISE = 0.2, 0.1  # of g in f; the width of the noise on each side
LAST = 200  # losses that the outer loss is the mean of
OUTER_RATE, CLIP = 0.3, 0.1
TEST_ROWS, FRESH_STARTS = 500, 20
SHOWN = np.linspace(-5, 5, 41)
PIECES = (
    (-np.inf, 0.15, 0.9),
    (-2, -0.25, 0.1),
    (-1, -1.2, -0.85),
    (-0.25, -0.5, -0.75),
    (0.1, 0.2, -0.85),
    (0.6, 1.2, -1.4),
)


def bend_pieces(values: Any) -> Any:
    """Return the notebook's piecewise linear fit of its function."""
    result = jnp.zeros_like(values)
    for start, slope, offset in PIECES:
        result = jnp.where(values > start, slope * values + offset, result)
    return result


KNOWN: Mapping[str, Bend] = {
    "relu": jax.nn.relu,
    "swish": jax.nn.swish,
    "elu": jax.nn.elu,
    "tanh": jnp.tanh,
    "softplus": jax.nn.softplus,
    "sigmoid": jax.nn.sigmoid,
    "pieces": bend_pieces,
}


class Course(NamedTuple):
    """All that one training draws: first weights, batches in the order of the rows, and noise of each step.

    Attributes:
        weights: of both layers `(in + 1, out)`.
        x, targets: `(steps, rows, d)` and `(steps, rows, k)`.
        noise: of hidden units `(steps + 1, h)`; the last row is that of the test.
        own_noise: of the hidden units of g `(steps + 1, 100)`.
    """

    weights: list[Array]
    x: Array
    targets: Array
    noise: Array
    own_noise: Array


def load_sets() -> TwoSets:
    """Return the notebook's 8,000 + 2,000 signals, and fresh ones from the generator's seed 43."""
    return TwoSets(make_signals(10_000, 8_000), make_signals(10_000, 8_000, seed=43))


def learn(sets: TwoSets, seed: int, *, outer: int, steps: int, redrawn: bool) -> Outcome:
    """Return the outer loss and the test accuracy in % over the outer steps, and what the learned function is worth.

    All trainings have the same first weights and noise; `redrawn` draws them anew for each. The figures `own_NAME` are
    test accuracies in % from the first weights of the outer loop, and `fresh_NAME` those on fresh signals, a mean over
    20 first weights, for the learned function and known ones; `loss_NAME` are mean losses of these.
    """
    random = np.random.default_rng((seed, 11))
    theta = [jnp.asarray(layer) for layer in Perceptron(OWN_SIZES, random).weights]
    first = course = draw_course(sets.published, steps, random)
    path = []
    x, labels = sets.published.x_test[:TEST_ROWS], sets.published.label_test[:TEST_ROWS]
    for step in range(outer):
        if redrawn and step:
            course = draw_course(sets.published, steps, random)
        (loss, weights), slopes = find_slope(theta, course)
        bend, noise = make_learned(theta, course)
        path.append((float(loss), measure_accuracy(bend, weights, x, labels, noise[-1])))
        if step < outer - 1:
            theta = [
                layer - OUTER_RATE * jnp.clip(slope, -CLIP, CLIP) for layer, slope in zip(theta, slopes, strict=True)
            ]
    figures = {"last_loss": path[-1][0], "last_accuracy": float(np.mean([accuracy for _, accuracy in path[-50:]]))}
    figures |= describe_shape(theta) | compare(theta, sets, first, steps, random)
    losses, accuracies = (list(values) for values in zip(*path, strict=True))
    return Outcome(figures, {AXIS: [float(step) for step in range(outer)], "loss": losses, "accuracy": accuracies})


def draw_course(signals: Signals, steps: int, random: np.random.Generator) -> Course:
    """Return the course of a training on signals."""
    rows = np.arange(steps * BATCH_ROWS).reshape(steps, -1) % len(signals.x_train)
    noise, own_noise = (random.uniform(-NOISE, NOISE, (steps + 1, sizes[1])) for sizes in (SIZES, OWN_SIZES))
    weights = [np.asarray(layer) for layer in Perceptron(SIZES, random).weights]
    targets = to_one_hot(signals.label_train)[rows]
    return Course(weights, signals.x_train[rows], targets, noise.astype(np.float32), own_noise.astype(np.float32))


def evaluate(theta: list[Any], value: Any) -> Any:
    """Return f of one number, without noise."""
    hidden = jnp.tanh(value * theta[0][0] + theta[0][1])
    return jax.nn.elu(value) + SHARE * (hidden @ theta[1][:-1] + theta[1][-1])[0]


def make_learned(theta: list[Any], course: Course) -> tuple[Bend, Any]:
    """Return f as a table, and the noise of hidden units with that of f itself `(steps + 1, h)`."""
    grid = jnp.linspace(-EDGE, EDGE, POINTS)
    values, slopes = jax.vmap(jax.value_and_grad(partial(evaluate, theta)))(grid)
    return partial(interpolate, values, slopes * (grid[1] - grid[0])), course.noise + SHARE * course.own_noise @ theta[
        1
    ][:-1]


def interpolate(values: Any, slopes: Any, at: Any) -> Any:
    """Return a function at any numbers by cubic Hermite splines through its values and slopes `(m,)` on the grid."""
    place = jnp.clip((at + EDGE) * ((POINTS - 1) / (2 * EDGE)), 0, POINTS - 1.001)
    left = jnp.floor(place).astype(int)
    t, right = place - left, left + 1
    start, end = values[left], values[right]
    turn = (slopes[left] * (1 - t) - slopes[right] * t) * t * (1 - t)
    return start + (end - start) * t * t * (3 - 2 * t) + turn


def train(bend: Bend, noise: Any, course: Course) -> tuple[list[Any], Any]:
    """Return the weights after a training by RMSprop, and the loss of each step `(steps,)` before its update."""

    def measure(weights: list[Any], x: Any, targets: Any, own: Any) -> Any:
        return -(targets * jax.nn.log_softmax(predict(bend, weights, x, own))).sum(axis=1).mean()

    def step(state: Any, batch: Any) -> tuple[Any, Any]:
        weights, squares = state
        loss, slopes = jax.value_and_grad(measure)(weights, *batch)
        squares = [DECAY * old + (1 - DECAY) * slope**2 for old, slope in zip(squares, slopes, strict=True)]
        moves = [slope / (jnp.sqrt(square) + 1e-8) for slope, square in zip(slopes, squares, strict=True)]
        return ([layer - RATE * move for layer, move in zip(weights, moves, strict=True)], squares), loss

    start = (course.weights, [jnp.ones_like(layer) for layer in course.weights])
    (weights, _), losses = jax.lax.scan(jax.checkpoint(step), start, (course.x, course.targets, noise[:-1]))
    return weights, losses


def predict(bend: Bend, weights: list[Any], x: Any, noise: Any) -> Any:
    """Return logits `(n, k)` for x `(n, t)`, with noise `(h,)` on the hidden units."""
    return (bend(x @ weights[0][:-1] + weights[0][-1]) + noise) @ weights[1][:-1] + weights[1][-1]


def measure_outer(theta: list[Any], course: Course) -> tuple[Any, list[Any]]:
    """Return the outer loss, and the weights that the training ends with."""
    weights, losses = train(*make_learned(theta, course), course)
    return losses[-LAST:].mean(), weights


find_slope = jax.jit(jax.value_and_grad(measure_outer, has_aux=True))  # compiled once for all trainings of a length


def measure_accuracy(bend: Bend, weights: list[Any], x: Array, labels: Array, noise: Any) -> float:
    """Return the share of rows in % that a trained network reads right."""
    return 100 * float((predict(bend, weights, x, noise).argmax(axis=1) == labels).mean())


def compare(
    theta: list[Any], sets: TwoSets, first: Course, steps: int, random: np.random.Generator
) -> dict[str, float]:
    """Return the figures of the learned function and of known ones, on its own first weights and on fresh ones."""
    courses = [draw_course(sets.fresh, steps, random) for _ in range(FRESH_STARTS)]
    figures = {}
    for name, known in {"learned": None, **KNOWN}.items():

        def run(course: Course, known: Bend | None = known) -> tuple[list[Any], Any, Any]:
            bend, noise = (known, course.noise) if known else make_learned(theta, course)
            return (*train(bend, noise, course), noise[-1])

        own, bend, go = first, known or make_learned(theta, first)[0], jax.jit(run)
        weights, _, noise = go(own)
        figures[f"own_{name}"] = measure_accuracy(
            bend, weights, sets.published.x_test[:TEST_ROWS], sets.published.label_test[:TEST_ROWS], noise
        )
        ends = [go(course) for course in courses]
        accuracies = [
            measure_accuracy(bend, weights, sets.fresh.x_test, sets.fresh.label_test, noise)
            for weights, _, noise in ends
        ]
        figures[f"fresh_{name}"] = float(np.mean(accuracies))
        figures[f"loss_{name}"] = float(np.mean([losses.mean() for _, losses, _ in ends]))
    return figures


def describe_shape(theta: list[Any]) -> dict[str, float]:
    """Return values of f from -5 to 5, its lowest point between -2 and 2, and its highest value left of that."""
    near = np.linspace(-2, 2, 81)
    shown, values = (np.array(jax.vmap(partial(evaluate, theta))(at)) for at in (SHOWN, near))
    figures = {f"f({at:g})": float(value) for at, value in zip(SHOWN, shown, strict=True)}
    dip_at = near[values.argmin()]
    return figures | {
        "dip_at": float(dip_at),
        "dip": float(values.min()),
        "left_top": float(shown[dip_at > SHOWN].max()),
    }
