"""Predictions for the test rows: a model of any kind answers batches, and each answer is checked once."""

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from ld_data.checks import GREATEST_VALUE, check_integer, check_numbers, check_vectors, describe_shape
from ld_data.errors import InputError, MissingDataError
from ld_data.release.dataset import LatentDataset
from ld_data.storage.arrays import read_npy
from ld_data.typing import Array, Floats

if TYPE_CHECKING:
    import torch

BATCH_ROWS = 4096
SEEDS = range(3, 11)  # how many seeds one entry of a leaderboard may hold, beside a single prediction
REPEATED = 1e-3  # root mean square between the predictions of two seeds, of which one repeats the other
EXPECTED_MODEL = (
    "model must be a function of x, an object with predict, a PyTorch module, an array of predictions, or the path of "
    "a .npy file"
)


class Predictor(Protocol):
    """An object with `predict`, as Keras models and scikit-learn regressors have it."""

    def predict(self, x: Floats) -> object:
        """Return predictions `(n, d)` for x `(n, d)`."""


Answer: TypeAlias = Callable[[Floats], object]  # the values are checked, so any type may come
Model: TypeAlias = Answer | Predictor | Array | str | Path


@dataclass(frozen=True, eq=False)
class Predictions:
    """Checked predictions: `(n, d)` float32 in C order, finite and within +-1e6; only this module makes them."""

    values: Floats


def predict(model: Model, data: LatentDataset, *, batch_rows: int = BATCH_ROWS) -> Predictions:
    """Return the checked predictions `(n, d)` of a model for the test rows.

    `model` is a function of x `(rows, d)`, an object with `predict` (scikit-learn, Keras), a PyTorch module, the
    predictions `(n, d)` themselves, or the path of their `.npy` file. A model gets at most `batch_rows` rows at once,
    as a copy. An exception that it raises comes through with a note that names the batch. A PyTorch module runs in
    evaluation mode without gradients, on the device and in the type of its parameters; its mode is restored.

    Raises:
        InputError: if `model` is none of these, or as `check_predictions`.
        MissingDataError: if the file does not exist.
    """
    check_integer("batch_rows", batch_rows, 1, 2**63 - 1)
    if isinstance(model, str | Path):
        if not str(model).endswith(".npy"):
            raise InputError(f"{EXPECTED_MODEL}; received {str(model)!r}. Save predictions with numpy.save.")
        return read_predictions(model, data)
    if isinstance(model, type):
        raise InputError(f"model must be an object; received the class {model.__name__}. Make one, and fit it, first.")
    # a Keras model on PyTorch is a module as well
    if _comes_from(model, "torch") and not _comes_from(model, "keras") and hasattr(model, "modules"):
        with _evaluating(model) as answer:
            return _ask(answer, data, batch_rows)
    if hasattr(model, "predict") and callable(model.predict):
        return _ask(_quieten(model), data, batch_rows)
    if callable(model):
        return _ask(model, data, batch_rows)
    if isinstance(model, np.ndarray | list | tuple) or hasattr(model, "__array__"):
        return check_predictions(model, data)
    raise InputError(f"{EXPECTED_MODEL}; received {type(model).__name__}.")


def check_predictions(values: object, data: LatentDataset) -> Predictions:
    """Return predictions `(n, d)` for the test rows of `data` as the checked type, checked ones as they are.

    Raises:
        InputError: if the shape is another, or if the values are no numbers, not finite, or beyond +-1e6.
    """
    n = len(data.test)
    if isinstance(values, Predictions):
        if values.values.shape == data.test.y.shape:
            return values
        values = values.values
    rows = f", one row for each of the {n} test rows of {data.name}, in their order"
    return Predictions(np.ascontiguousarray(_check_values(values, data, n, "predictions", rows)))


def check_seeds(values: Array, data: LatentDataset) -> tuple[Predictions, ...]:
    """Return the checked predictions of one model `(n, d)`, or of each seed of a rule `(seeds, n, d)`.

    Raises:
        InputError: if there are other than 3 to 10 seeds, if two repeat each other, or as `check_predictions`; the
            message names the seed.
    """
    if values.ndim != 3:
        return (check_predictions(values, data),)
    check_seed_count(count := len(values))
    seeds = []
    for number, own in enumerate(values, 1):
        with naming_seed(number, count):
            seeds.append(check_predictions(own, data))
    for (one, a), (other, b) in combinations(enumerate(seeds, 1), 2):
        apart = math.sqrt(np.square(a.values - b.values, dtype=np.float64).mean())
        if apart < REPEATED:
            raise InputError(
                f"seeds {one} and {other} of {count} repeat each other: their predictions differ by {apart:.1g} (root "
                f"mean square), and those of two training runs by {REPEATED} or more. Train each seed by itself; of a "
                "model that does not depend on a seed, submit one prediction."
            )
    return tuple(seeds)


def check_seed_count(count: int) -> None:
    """Raise `InputError` unless an entry of a leaderboard may hold so many seeds."""
    if count not in SEEDS and count != 1:
        raise InputError(
            f"an entry holds one prediction (n, d), or those of {SEEDS.start} to {SEEDS.stop - 1} seeds (seeds, n, d); "
            f"received {count}. Fewer than {SEEDS.start} do not show how much the seed matters."
        )


@contextmanager
def naming_seed(number: int, count: int) -> Iterator[None]:
    """Put the number of a seed, from 1, in front of an `InputError`, unless it is the only one."""
    try:
        yield
    except InputError as error:
        if count == 1:
            raise
        raise type(error)(f"seed {number} of {count}: {error}") from error


def read_predictions(path: str | Path, data: LatentDataset) -> Predictions:
    """Return the checked predictions `(n, d)` of a file; raises as `read_file` and `check_predictions`."""
    values = read_file(path, f"{data.test.y.shape} for {data.name}")
    try:
        return check_predictions(values, data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_file(path: str | Path, expected: str) -> Array:
    """Return the array of an `.npy` file, unchecked; `expected` describes the predictions for messages.

    Raises:
        InputError: if the file is no `.npy` file.
        MissingDataError: if the file does not exist.
    """
    try:
        return read_npy(Path(path).read_bytes())
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise MissingDataError(f"no file {path}: expected predictions {expected}, saved with numpy.save.") from error


def _ask(answer: Answer, data: LatentDataset, batch_rows: int) -> Predictions:
    rows = len(data.test)
    predictions = np.empty((rows, data.latent_dim), np.float32)
    for start in range(0, rows, batch_rows):
        stop = min(start + batch_rows, rows)
        batch = f"test rows {start} to {stop - 1} of {data.name}"
        try:
            answered = answer(data.test.x[start:stop].copy())  # a model may write into its input
        except Exception as error:
            error.add_note(f"raised by the model when it was given {batch}")
            raise
        if stop - start == rows:
            return check_predictions(answered, data)
        name = f"the predictions for {batch}"
        predictions[start:stop] = _check_values(answered, data, stop - start, name, batch=batch)
    return Predictions(predictions)


def _check_values(
    values: object, data: LatentDataset, rows: int, name: str, explanation: str = "", batch: str = ""
) -> Floats:
    array, d = check_numbers(values, name), data.latent_dim
    if batch and array.ndim == 2 and array.shape[1] == d and len(array) != rows:
        raise InputError(
            f"the model was given {batch}: expected one prediction for each of these {rows} rows, received "
            f"{len(array)}. Models are fed batches; batch_rows={len(data.test)} gives all rows at once."
        )
    if array.shape != (rows, d):
        received = f"{describe_shape(array, (d,))}{_explain_classes(array, data)}"
        raise InputError(f"{name} must have shape {(rows, d)}{explanation}; {received}")
    return check_vectors(array, d, name, GREATEST_VALUE)


def _explain_classes(array: Array, data: LatentDataset) -> str:
    """Return how to turn classes, one-hot vectors or probabilities into predictions; "" for other shapes."""
    d, width = data.latent_dim, array.shape[1:]
    if array.shape in ((), (d,)) or width == (d,) or width not in ((), (1,), (data.classes,)):
        return ""
    remedy = " Predictions are y vectors, not classes; data.class_mean[labels] turns classes `(n,)` into them"
    if width == (data.classes,):
        remedy += ", and p @ data.class_mean one-hot vectors or probabilities p `(n, k)`"
    return f"{remedy}."


def _quieten(model: Predictor) -> Answer:
    """Return the model's `predict`, without the progress bar that Keras draws for every batch."""
    predict: Callable[..., object] = model.predict
    try:
        is_verbose = "verbose" in inspect.signature(predict).parameters
    except (TypeError, ValueError):  # functions written in C may have no signature
        is_verbose = False
    return (lambda x: predict(x, verbose=0)) if is_verbose else predict


def _comes_from(value: object, package: str) -> bool:
    """Return whether a class of the package is among a value's classes; by name, since its import takes seconds."""
    return any(kind.__module__.partition(".")[0] == package for kind in type(value).__mro__)


@contextmanager
def _evaluating(model: "torch.nn.Module") -> Iterator[Answer]:
    """Yield a function of arrays that a PyTorch module answers in evaluation mode; restore the mode of each part."""
    import torch  # import late: seconds, and installed only where a caller has a module

    modes = {part: part.training for part in model.modules()}
    floats = (values for values in chain(model.parameters(), model.buffers()) if values.is_floating_point())
    like = next(floats, torch.empty(0))
    answer = model.predict if callable(getattr(model, "predict", None)) else model
    model.eval()
    try:
        with torch.no_grad():
            yield lambda x: answer(torch.from_numpy(x).to(like.device, like.dtype))
    finally:
        for part, training in modes.items():
            part.training = training
