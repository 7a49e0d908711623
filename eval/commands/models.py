"""The models that commands fit: baselines, and functions of the user."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from eval.ladder import FitDataset
from eval.names import BASELINES
from eval.report.loading import load_object
from ld_data.cli.libraries import import_quietly
from ld_data.errors import InputError


def check_model(_type: object, name: str) -> None:
    """Refuse a name that is neither a baseline nor `module:function` by a `ValueError`, as Cyclopts expects it."""
    if ":" not in name and name not in BASELINES:
        raise ValueError(
            f"no baseline {name!r}. Known: {', '.join(BASELINES)}. A function of your own is named as module:function."
        )


Model = Annotated[str, Parameter(validator=check_model, completer=lambda _: list(BASELINES))]


def load_fit(name: str) -> FitDataset:
    """Return the `fit(data, seed)` of a baseline or of a user's `module:function`; raises as `load_function`."""
    if ":" in name:
        function = load_function(name, Path.cwd())
        return lambda data, seed: function(*data.as_keras()[0], seed)
    import_quietly("keras")
    from eval.baselines.registry import fit_baseline  # late: scikit-learn and Keras take seconds

    return partial(fit_baseline, name)


def load_function(name: str, folder: Path) -> Callable[..., Any]:
    """Return the function named by `module:function`; raises as `load_object`.

    Raises:
        InputError: also if its object cannot be called.
    """
    function = load_object(name, folder)
    if not callable(function):
        raise InputError(f"{name} must be a function; it is of type {type(function).__name__}.")
    return function
