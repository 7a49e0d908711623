"""The models that commands fit: baselines, and functions of the user."""

import importlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from eval.ladder import FitDataset
from eval.names import BASELINES
from ld_data.cli.libraries import import_quietly
from ld_data.errors import InputError, UnknownNameError


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
    """Return the function named by `module:function`; `folder` is the first place to look for the module.

    Raises:
        InputError: if the name has another form, or its object cannot be called.
        UnknownNameError: if the module or the function does not exist.
    """
    module_name, _, function_name = name.partition(":")
    if not all(part.isidentifier() for part in module_name.split(".")) or not function_name.isidentifier():
        raise InputError(f"expected module:function, as in my_model:fit; received {name!r}.")
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module exists and imports another one that does not
        raise UnknownNameError(
            f"no module {module_name} in {folder} or among the installed ones: expected {module_name}.py there."
        ) from error
    finally:
        sys.path.remove(str(folder))
    function = getattr(module, function_name, None)
    if function is None:
        own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module_name]
        raise UnknownNameError(f"no {function_name} in {module_name}. Defined there: {', '.join(own) or 'nothing'}.")
    if not callable(function):
        raise InputError(f"{name} must be a function; it is of type {type(function).__name__}.")
    return function
