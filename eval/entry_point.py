"""A user's own function, named on a command line as `module:function`."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ld_data.errors import InputError, UnknownNameError


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
