"""The predictions of a model for the test rows: models of every kind are fed batches, and each answer is checked."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ld_data.checks import GREATEST_VALUE, check_integer, check_magnitude, check_numbers, check_vectors, describe_shape
from ld_data.errors import InputError, MissingDataError
from ld_data.release.dataset import LatentDataset
from ld_data.storage.arrays import read_npy
from ld_data.typing import Array, Floats

BATCH_ROWS = 4096
MAX_BATCH_ROWS = 2**63 - 1


class Predictor(Protocol):
    """Anything with `predict`, as Keras models and scikit-learn regressors have it."""

    def predict(self, x: np.ndarray) -> Any:
        """Return predictions `(n, d)` for x `(n, d)`."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Checked predictions for the test rows of a dataset; only `check_predictions` and `predict` make them.

    Attributes:
        values: `(n, d)` float32 in C order, finite and within +-1e6.
    """

    values: Floats

    def __len__(self) -> int:
        """Return n, the number of rows."""
        return len(self.values)


Answer = Callable[[np.ndarray], Any]
Model = Answer | Predictor | np.ndarray | str | Path


def predict(model: Model, data: LatentDataset, *, batch_rows: int = BATCH_ROWS) -> Predictions:
    """Return a model's checked predictions `(n, d)` for the test rows.

    `model` is a function of x `(rows, d)`, an object with `predict` (scikit-learn, Keras), a PyTorch module, the
    predictions `(n, d)` themselves, or the path of their `.npy` file. A model sees at most `batch_rows` rows at once,
    in copies; what it raises comes through with a note that names the batch. A PyTorch module runs in evaluation mode
    without gradients, on the device and in the type of its parameters, and gets its mode back.

    Raises `InputError` for what is no model, and for predictions of the wrong shape or type, not finite, or beyond
    +-1e6; `MissingDataError` for a file that is not there.
    """
    check_integer("batch_rows", batch_rows, 1, MAX_BATCH_ROWS)
    if isinstance(model, str | Path):
        if not str(model).endswith(".npy"):
            raise InputError(f"{_EXPECTED}; received {str(model)!r}. Save predictions with numpy.save.")
        return read_predictions(model, data)
    if isinstance(model, type):
        raise InputError(f"model must be an object; received the class {model.__name__}. Make one, and fit it, first.")
    if _is_torch_module(model):
        with _evaluating(model) as answer:
            return _ask(answer, data, batch_rows)
    if callable(getattr(model, "predict", None)):
        return _ask(_quieten(model), data, batch_rows)
    if callable(model):
        return _ask(model, data, batch_rows)
    if isinstance(model, np.ndarray | list | tuple) or hasattr(model, "__array__"):
        return check_predictions(_to_numpy(model), data)
    raise InputError(f"{_EXPECTED}; received {type(model).__name__}.")


def check_predictions(values: object, data: LatentDataset) -> Predictions:
    """Return predictions `(n, d)` for the test rows of `data` as the checked type.

    Checked predictions come back as they are, after a look at their shape.

    Raises:
        InputError: for another shape, for values that are no numbers, not finite, or beyond +-1e6 (y is N(0, I)).
    """
    n = len(data.test)
    if isinstance(values, Predictions) and values.values.shape == (n, data.latent_dim):
        return values
    array = values.values if isinstance(values, Predictions) else values
    which = f", one row for each of the {n} test rows of {data.name}, in their order"
    return Predictions(np.ascontiguousarray(_check_values(array, data, n, "predictions", which)))


def read_predictions(path: str | Path, data: LatentDataset) -> Predictions:
    """Return the predictions `(n, d)` for the test rows of `data` in an `.npy` file.

    Raises `InputError` for what is no such file, or as `check_predictions`; `MissingDataError` if it is not there.
    """
    values = read_file(path, f"{data.test.y.shape} for {data.name}")
    try:
        return check_predictions(values, data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_file(path: str | Path, which: str) -> Array:
    """Return the array in the `.npy` file of such predictions, unchecked; raises as `read_predictions`."""
    try:
        return read_npy(Path(path).read_bytes())
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise MissingDataError(f"no file {path}: expected predictions {which}, saved with numpy.save.") from error


_EXPECTED = (
    "model must be a function of x, an object with predict, a PyTorch module, an array of predictions, or the path of "
    "a .npy file"
)


def _ask(answer: Answer, data: LatentDataset, batch_rows: int) -> Predictions:
    """Return the answers to all batches of the test rows, one below the other."""
    rows = len(data.test)
    predictions = np.empty((rows, data.latent_dim), np.float32)
    for start in range(0, rows, batch_rows):
        stop = min(start + batch_rows, rows)
        place = f"test rows {start} to {stop - 1} of {data.name}"
        try:
            answered = answer(data.test.x[start:stop].copy())  # a model may write into what it is handed
        except Exception as error:
            error.add_note(f"raised by the model when it was given {place}")
            raise
        values = _to_numpy(answered)
        if stop - start == rows:
            return check_predictions(values, data)
        predictions[start:stop] = _check_batch(values, data, stop - start, place)
    return Predictions(predictions)


def _check_values(values: object, data: LatentDataset, rows: int, name: str, which: str = "") -> Floats:
    array, d = check_numbers(values, name), data.latent_dim
    if array.shape != (rows, d):
        received = f"{describe_shape(array, (d,))}{_explain_classes(array, data)}"
        raise InputError(f"{name} must have shape {(rows, d)}{which}; {received}")
    return check_magnitude(check_vectors(array, d, name), GREATEST_VALUE, name)


def _explain_classes(array: np.ndarray, data: LatentDataset) -> str:
    """Return how to make predictions of what looks like classes, one-hot vectors or probabilities; else nothing."""
    d, width = data.latent_dim, array.shape[1:]
    if array.shape in ((), (d,)) or width == (d,) or width not in ((), (1,), (data.classes,)):
        return ""
    remedy = " Predictions are y vectors, not classes; data.class_mean[labels] turns classes `(n,)` into them"
    if width == (data.classes,):
        remedy += ", and p @ data.class_mean one-hot vectors or probabilities p `(n, k)`"
    return f"{remedy}."


def _check_batch(values: Any, data: LatentDataset, rows: int, place: str) -> Floats:
    name = f"the predictions for {place}"
    array = check_numbers(values, name)
    if array.ndim == 2 and array.shape[1] == data.latent_dim and len(array) != rows:
        raise InputError(
            f"the model was given {place}: expected one prediction for each of these {rows} rows, received "
            f"{len(array)}. Models are fed batches; batch_rows={len(data.test)} gives all rows at once."
        )
    return _check_values(array, data, rows, name)


def _quieten(model: Any) -> Answer:
    """Return the model's `predict`, without the progress bar that Keras draws for every batch."""
    try:
        is_verbose = "verbose" in inspect.signature(model.predict).parameters
    except (TypeError, ValueError):  # functions written in C may have no signature
        is_verbose = False
    return (lambda x: model.predict(x, verbose=0)) if is_verbose else model.predict


def _to_numpy(values: Any) -> Any:
    """Return a PyTorch tensor, on whatever device, as an array; anything else as it is."""
    return values.detach().cpu().float().numpy() if _comes_from(values, "torch") else values


def _is_torch_module(model: Any) -> bool:
    """Return whether `model` is a module of PyTorch's, and not of Keras', which on PyTorch makes modules as well."""
    return _comes_from(model, "torch") and not _comes_from(model, "keras") and hasattr(model, "modules")


def _comes_from(value: Any, package: str) -> bool:
    """Return whether a class of that package is among a value's: told by name, since importing it takes seconds."""
    return any(kind.__module__.partition(".")[0] == package for kind in type(value).__mro__)


@contextmanager
def _evaluating(model: Any) -> Iterator[Answer]:
    """Yield a function of arrays that a PyTorch module answers in evaluation mode, and restore each part's mode."""
    import torch  # who has a module has PyTorch, which LD-Data does not install

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
