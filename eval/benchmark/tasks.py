"""One task of a user, in a process of its own: `python -P eval/benchmark/tasks.py TASK WAY` prints its costs.

LD-Data comes from Python's path. So the tasks also measure another commit.
"""

import json
import resource
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from importlib import import_module
from io import StringIO
from itertools import pairwise
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import ld_data
from eval import compare as compare_models
from eval import evaluate as score_model
from eval.baselines.registry import fit_baseline
from eval.ladder import climb, make_ladder
from ld_data.mnist1d.stream import SignalStream
from ld_data.settings import checkpoints_folder

NAME, ROWS, SEED = "ld-mnist-32", 5_000, 0
RESAMPLES, BLOCKS, EPOCHS, BATCH_ROWS, UNITS, RATE = 10_000, 3, 20, 128, 256, 1e-3
LEAST_SECONDS, MOST_CALLS = 2.0, 50  # of the calls of a task, whose median counts

Call = Callable[[], object]
Task = tuple[Call, Call | None]  # the call to time, and the same by hand in numpy or scikit-learn


def load() -> Task:
    """Load a release, beside the same arrays of the same file."""
    path = checkpoints_folder() / NAME / "data.npz"

    def read() -> object:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    return partial(ld_data.load, NAME), read


def evaluate() -> Task:
    """Score an array of predictions."""
    data = ld_data.load(NAME)
    predictions = _predict(data)

    def measure() -> object:
        guess, truth, labels = (values.astype(np.float64) for values in (predictions, data.test.y, data.test.label))
        means = data.class_mean[data.test.label]
        mean = data.train.y.mean(axis=0, dtype=np.float64)
        pairs = ((guess, truth), (mean, truth), (means, truth), (guess, means))
        errors = [np.square(a - b).mean(axis=1) for a, b in pairs]
        error, null, floor, noise_free = (values.mean() for values in errors)
        hits = (guess @ data.class_weight + data.class_bias).argmax(axis=1) == labels
        accuracy = [hits[labels == label].mean() for label in range(data.classes)]
        deviation = errors[0].std(ddof=1) / np.sqrt(len(truth))
        return error, deviation, (null - error) / (null - floor), noise_free, accuracy

    return partial(score_model, predictions, data), measure


def compare() -> Task:
    """Compare two arrays of predictions by a bootstrap."""
    data = ld_data.load(NAME)
    a, b = _predict(data), _predict(data, 1000)

    def resample() -> object:
        gaps = np.square(a - data.test.y).mean(axis=1) - np.square(b - data.test.y).mean(axis=1)
        random = np.random.default_rng(SEED)
        means = [gaps[random.integers(len(gaps), size=len(gaps))].mean() for _ in range(RESAMPLES)]
        return np.quantile(means, (0.025, 0.975))

    return partial(compare_models, a, b, data), resample


def ladder() -> Task:
    """Climb the ladder with least squares, beside the same fits to data that are there."""
    data = ld_data.load(NAME, rows=ROWS)

    def fit(x: Any, y: Any, seed: int) -> Callable[[Any], Any]:
        weights = np.linalg.lstsq(_widen(x), y, rcond=None)[0]
        return lambda rows: _widen(rows) @ weights

    tasks = [task.apply_to(data) for task in make_ladder(data, SEED)]

    def solve() -> object:
        return [np.square(fit(task.train.x, task.train.y, SEED)(task.test.x) - task.test.y).mean() for task in tasks]

    return partial(climb, fit, data, SEED), solve


def train() -> Task:
    """Train a network of three layers by the rule backpropagation with Adam."""
    data = ld_data.load(NAME, rows=ROWS)
    return partial(fit_baseline, "backpropagation", data, SEED), partial(_train_by_hand, data)


def trees() -> Task:
    """Fit boosted trees to each component of y."""
    data = ld_data.load(NAME, rows=ROWS)
    tree = resolve_name("sklearn.ensemble:HistGradientBoostingRegressor")
    options = {"max_iter": 100, "early_stopping": True, "random_state": SEED}

    def fit() -> object:
        return [tree(**options).fit(data.train.x, component) for component in data.train.y.T]

    return partial(fit_baseline, "trees", data, SEED), fit


def report() -> Task:
    """Write the report of a rule."""
    words = ("backpropagation", NAME, "--limit-train", "1000", "--seeds", "2", "--jobs", "1", "--out")

    def write() -> None:
        with TemporaryDirectory() as folder:
            _run("eval", "rule", *words, f"{folder}/report")

    return write, None


def build() -> Task:
    """Build a release of small images."""
    images, labels = resolve_name("sklearn.datasets:load_digits")(return_X_y=True)
    images = (images.reshape(-1, 8, 8) / 16).astype(np.float32)
    words = ("--licence", "MIT", "--latent-dim", "8", "--epochs", "2", "--flow-epochs", "1", "--no-goals")

    def make() -> None:
        with TemporaryDirectory() as folder:
            source = Path(folder) / "small.npz"
            np.savez(
                source,
                allow_pickle=False,
                x_train=images[:1500],
                y_train=labels[:1500],
                x_test=images[1500:],
                y_test=labels[1500:],
            )
            _run("ld_data", "build", "--source-npz", str(source), *words, "--checkpoints", folder)

    return make, None


def generate() -> Task:
    """Generate signals, beside the bare draws of their normals."""
    stream, random = SignalStream(), np.random.Generator(np.random.Philox(SEED))
    shape = (stream.config.final_seq_length, stream.block_rows)

    def draw() -> None:
        for _ in range(BLOCKS):
            random.standard_normal(shape, dtype=np.float32)

    return lambda: deque(stream.iterate(BLOCKS * stream.block_rows), maxlen=0), draw


TASKS = {task.__name__: task for task in (load, evaluate, compare, ladder, train, trees, report, build, generate)}


def _train_by_hand(data: ld_data.LatentDataset) -> object:
    """Return the weights after the steps of the plan of backpropagation, as a user would write them."""
    random, sizes = np.random.default_rng(SEED), (data.latent_dim, UNITS, UNITS, data.latent_dim)
    weights = [random.normal(0, rows**-0.5, (rows, columns)).astype(np.float32) for rows, columns in pairwise(sizes)]
    means, squares = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
    rows = len(data.train) * 9 // 10
    steps = rows // BATCH_ROWS
    for step in range(EPOCHS * steps):
        if step % steps == 0:
            order = random.permutation(rows)
        batch = order[step % steps * BATCH_ROWS :][:BATCH_ROWS]
        states = [data.train.x[batch]]
        for weight in weights[:-1]:
            states.append(np.tanh(states[-1] @ weight))
        error = (states[-1] @ weights[-1] - data.train.y[batch]) / BATCH_ROWS
        for layer in reversed(range(len(weights))):
            gradient = states[layer].T @ error
            error = (error @ weights[layer].T) * (1 - states[layer] ** 2)
            means[layer] += 0.1 * (gradient - means[layer])
            squares[layer] += 0.001 * (gradient**2 - squares[layer])
            weights[layer] -= RATE * means[layer] / (np.sqrt(squares[layer]) + 1e-8)
    return weights


def _predict(data: ld_data.LatentDataset, rows: int | None = None) -> Any:
    """Return the predictions of least squares on the first rows."""
    return _widen(data.test.x) @ np.linalg.lstsq(_widen(data.train.x[:rows]), data.train.y[:rows], rcond=None)[0]


def _widen(x: Any) -> Any:
    return np.column_stack([x, np.ones(len(x), np.float32)])


def _run(program: str, *words: str) -> None:
    """Call a command of a program, without its output."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        status = import_module(f"{program}.__main__").main(words)
    if status:
        raise RuntimeError(f"`python -m {program} {' '.join(words)}` ended with status {status}.")


def measure(call: Call) -> dict[str, float]:
    """Return the median seconds of calls by the clock and of the processor, and the most megabytes of this process.

    A first call does not count.
    """
    clock, processor, began = list[float](), list[float](), time.perf_counter()
    call()
    while not clock or (time.perf_counter() - began < LEAST_SECONDS and len(clock) < MOST_CALLS):
        start, used = time.perf_counter(), time.process_time()
        call()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": statistics.median(clock), "processor": statistics.median(processor), "megabytes": peak / 2**20}


if __name__ == "__main__":
    ours, by_hand = TASKS[sys.argv[1]]()
    chosen = ours if sys.argv[2] == "ours" else by_hand
    json.dump(measure(chosen) if chosen else None, sys.stdout)
