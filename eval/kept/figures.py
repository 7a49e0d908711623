"""The four figures of a model, their spread over seeds, and their comparison with kept ones."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np

from ld_data.errors import IntegrityError, MissingDataError
from ld_data.storage.json_text import read_json

T = TypeVar("T")

LABELS = {"mse": "MSE", "noise_free_mse": "noise-free MSE", "skill": "skill", "decoded_accuracy": "decoded accuracy"}


@dataclass(frozen=True)
class Figures(Generic[T]):
    """The four figures of `LABELS`, for a release and its test set as in `Score`."""

    release: str
    data_sha256: str
    mse: T
    noise_free_mse: T
    skill: T
    decoded_accuracy: T

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """The mean of a figure over seeds, and its standard deviation (divided by n - 1; None for a single seed)."""

    mean: float
    std: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Return the spread of values, one for each seed."""
        mean = math.fsum(values) / len(values)
        return cls(mean, float(np.std(values, ddof=1)) if len(values) > 1 else None)

    def __str__(self) -> str:
        """Return the mean and the standard deviation with four decimals."""
        return f"{self:.4f}"

    def __format__(self, form: str) -> str:
        """Return the mean and, if there is one, the standard deviation, in that format and without a negative zero."""
        return f"{self.mean:z{form}}" if self.std is None else f"{self.mean:z{form}} +- {self.std:{form}}"


@dataclass(frozen=True)
class SeedSummary(Figures[Spread]):
    """The scores of one model trained from `n` seeds."""

    n: int

    def __str__(self) -> str:
        """Return a small table."""
        lines = [f"  {label:<18}{getattr(self, name):.4f}" for name, label in LABELS.items()]
        return "\n".join([f"{self.release}, {self.n} seeds: mean +- standard deviation", *lines])


def describe_shift(name: str, new: Spread, old: Spread, least: float = 1.0) -> str:
    """Return a sentence if the mean of a figure moved by more than the older one spreads over its seeds, else "".

    The spread of a single seed counts as 0. On top comes a thousandth of `least`, or of the mean if that is larger,
    since processors round differently, and training amplifies that.
    """
    allowed = (old.std or 0.0) + 1e-3 * max(least, abs(old.mean))
    if abs(new.mean - old.mean) <= allowed:
        return ""
    return f"{name} is {new.mean:.5f}, committed {old.mean:.5f}, spread {allowed:.5f}."


def load_kept(path: Path, read: Callable[[dict[str, Any]], T], kind: str, command: str) -> list[T]:
    """Return the kept results in a JSON file, a list of objects; `read` turns each into a result.

    Raises:
        MissingDataError: if the file does not exist; the message names the `command` that makes it.
        IntegrityError: if it holds no results of this kind.
    """
    if not path.is_file():
        raise MissingDataError(f"no {kind} at {path}. `python -m eval {command}` measures them.")
    try:
        values = read_json(path.read_text("utf-8"))
        if not isinstance(values, list):
            raise TypeError(f"expected a list; received {type(values).__name__}")
        return [read(fields) for fields in values]
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError(f"{path}: no {kind} ({error!r}). Measure them again.") from error
