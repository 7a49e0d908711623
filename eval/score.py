"""The score of a model on a latent dataset's test rows."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ld_data.arrays import check_vectors
from ld_data.dataset import LatentDataset
from ld_data.errors import InputError
from ld_data.hashing import hash_array
from ld_data.release import load

LEAK_STANDARD_ERRORS = 5.0


class Predictor(Protocol):
    """Anything with `predict`, as Keras models and scikit-learn regressors have it."""

    def predict(self, x: np.ndarray) -> Any:
        """Return predictions `(n, d)` for x `(n, d)`."""


Model = Callable[[np.ndarray], Any] | Predictor | np.ndarray


@dataclass(frozen=True)
class Score:
    """How well y was predicted from x on the test rows. MSEs are means over rows and dimensions.

    Attributes:
        release: that was scored on.
        data_sha256: of its test y, as little-endian bytes: scores of one release compare only where this is the same.
        rows: n of the test set.
        mse: of the predictions against the sampled y.
        standard_error: of the mse, from its spread over rows.
        null: MSE, on the same rows, of the model that always answers the mean of the training y.
        floor: MSE, on the same rows, of the oracle that answers the mean of y given the true class.
        skill: (null - mse) / (null - floor): 0 for the null, 1 for the oracle.
        skill_standard_error: of the skill; smaller than the mse's, since null and floor share the rows' noise.
        noise_free_mse: MSE against the class mean of the true class, free of the noise in y.
        decoded_accuracy: share of predictions that decode to the true class.
    """

    release: str
    data_sha256: str
    rows: int
    mse: float
    standard_error: float
    null: float
    floor: float
    skill: float
    skill_standard_error: float
    noise_free_mse: float
    decoded_accuracy: float

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @property
    def is_leak(self) -> bool:
        """Whether the mse lies significantly below the floor, which no model of x can reach."""
        return self.skill > 1 + LEAK_STANDARD_ERRORS * self.skill_standard_error

    def __str__(self) -> str:
        """Return a small table."""
        lines = (
            ("MSE", f"{self.mse:.4f} +- {self.standard_error:.4f}"),
            ("null (answers the mean)", f"{self.null:.4f}"),
            ("floor (knows the class)", f"{self.floor:.4f}"),
            ("skill (0 null, 1 floor)", f"{self.skill:.4f} +- {self.skill_standard_error:.4f}"),
            ("noise-free MSE", f"{self.noise_free_mse:.4f}"),
            ("decoded accuracy", f"{self.decoded_accuracy:.4f}"),
        )
        table = [f"{self.release}, {self.rows} test rows", *(f"  {label:<24} {value}" for label, value in lines)]
        if self.is_leak:
            table.append(f"  {self.describe_leak()}")
        return "\n".join(table)

    def describe_leak(self) -> str:
        """Return what a leak is, for people."""
        return (
            f"The MSE {self.mse:.4f} lies below the floor {self.floor:.4f}, the score of an oracle that knows every "
            "class. No model of x can do that: check whether y leaked into the predictions."
        )


def evaluate(
    model: Model,
    release: str | Path | LatentDataset,
    *,
    submit_to: str | None = None,
    name: str | None = None,
    url: str | None = None,
    description: str | None = None,
) -> Score:
    """Return the score of a model on the test rows of a release.

    `model` is a callable on x `(n, d)`, anything with `predict`, or the predictions `(n, d)` themselves. With
    `submit_to`, the address of a service, the predictions are posted to its leaderboard under `name`, with a link and
    a description.

    Raises `InputError` if the predictions have the wrong shape or are not finite, `UnknownNameError` for a release
    that is not there, `SubmissionError` if the service does not take the score.
    """
    if not isinstance(release, str | Path | LatentDataset):
        raise InputError(
            f"release must be a name, a folder or a LatentDataset; received {type(release).__name__}. "
            'The model comes first: evaluate(model, "ld-mnist-32").'
        )
    data = release if isinstance(release, LatentDataset) else load(release)
    if submit_to is None:
        return score_predictions(predict(model, data), data)
    from eval.submission import Submission, submit  # the network stack, which only those need who submit

    submission = Submission.of(name, url, description)
    predictions = predict(model, data)
    score = score_predictions(predictions, data)
    submit(submit_to, data, predictions, submission)
    return score


def predict(model: Model, data: LatentDataset) -> np.ndarray:
    """Return a model's predictions `(n, d)` float32 for the test rows, checked; raises `InputError`."""
    if hasattr(model, "predict"):
        answer = model.predict(data.test.x)
    elif callable(model):
        answer = model(data.test.x)
    elif isinstance(model, np.ndarray | list | tuple) or hasattr(model, "__array__"):
        answer = model
    else:
        raise InputError(
            "model must be a function of x, an object with predict, or an array of predictions; received "
            f"{type(model).__name__}. Read a file with numpy.load first."
        )
    return check_predictions(answer, data)


def check_predictions(values: object, data: LatentDataset) -> np.ndarray:
    """Return predictions as `(n, d)` float32 for the test rows of `data`, else raise `InputError`."""
    predictions = check_vectors(values, data.latent_dim, "predictions")
    if len(predictions) != len(data.test):
        raise InputError(
            f"predictions must have one row for each of the {len(data.test)} test rows of {data.name}, in their order; "
            f"received {len(predictions)}."
        )
    return predictions


def score_predictions(predictions: np.ndarray, data: LatentDataset) -> Score:
    """Return the score of predictions `(n, d)` for the test rows of `data`; raises as `check_predictions`."""
    checked = check_predictions(predictions, data).astype(np.float64)
    mean = data.train.y.mean(axis=0, dtype=np.float64)
    oracle = data.class_mean[data.test.label]
    errors, null, floor = (_row_errors(guess, data.test.y) for guess in (checked, mean, oracle))
    usable = null.mean() - floor.mean()
    skill = (null.mean() - errors.mean()) / usable
    return Score(
        release=data.name,
        data_sha256=hash_array(data.test.y),
        rows=len(errors),
        mse=float(errors.mean()),
        standard_error=_standard_error(errors),
        null=float(null.mean()),
        floor=float(floor.mean()),
        skill=float(skill),
        # the skill is a ratio of means over the same rows: its error, to first order, is that of the residual's mean
        skill_standard_error=_standard_error(null - errors - skill * (null - floor)) / abs(float(usable)),
        noise_free_mse=float(_row_errors(checked, oracle).mean()),
        decoded_accuracy=float((data.classify(checked) == data.test.label).mean()),
    )


def _row_errors(guess: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.square(guess - truth.astype(np.float64)).mean(axis=1)


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf
