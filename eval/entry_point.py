"""A user's own function, named on a command line as `module:function`."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ld_data.errors import InputError, UnknownNameError


def load_function(name: str, folder: Path) -> Callable[..., Any]:
    """Return the function that `module:function` names, its module looked for in `folder` first.

    Raises `InputError` for another form or for what cannot be called, `UnknownNameError` for a module or a function
    that is not there. What the module itself raises while it is imported comes through.
    """
    module_name, _, function_name = name.partition(":")
    if not all(part.isidentifier() for part in module_name.split(".")) or not function_name.isidentifier():
        raise InputError(f"expected module:function, as in my_model:fit; received {name!r}.")
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there, but something that it imports is not
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
