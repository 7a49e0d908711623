"""The libraries that a command needs: checked before it does anything, and imported without their notices."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import ParamSpec, TypeVar

from ld_data.errors import InputError
from ld_data.extras import EXTRAS, check_libraries
from ld_data.storage.temporary_folder import use_temporary_folder

BACKEND_VARIABLE = "KERAS_BACKEND"
LOG_LEVEL_VARIABLE = "TF_CPP_MIN_LOG_LEVEL"  # TensorFlow's own
NO_LOG = "3"
NOISY = ("keras", "tensorflow")  # print notices while they are imported

P = ParamSpec("P")
R = TypeVar("R")


def needs(*libraries: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for a command that does nothing without these libraries, named as they are imported.

    The command raises `MissingLibraryError` before it does anything if one of them is not installed. Keras and
    TensorFlow are imported quietly before it runs, and their temporary files do not outlive it, even if it is killed.
    """

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        @wraps(command)
        def checked(*arguments: P.args, **options: P.kwargs) -> R:
            check_libraries(*libraries)
            if not (noisy := [library for library in libraries if library in NOISY]):
                return command(*arguments, **options)
            import_quietly(*noisy)
            with use_temporary_folder():
                return command(*arguments, **options)

        return checked

    return decorate


def import_quietly(*libraries: str) -> None:
    """Import libraries, quietly unless TF_CPP_MIN_LOG_LEVEL is set; raise `InputError` for a wrong KERAS_BACKEND."""
    try:
        with _silence():
            for library in libraries:
                import_module(library)
    except (ImportError, ValueError) as error:
        backend = os.environ.get(BACKEND_VARIABLE)
        missing = (error.name or "").partition(".")[0] if isinstance(error, ImportError) else ""
        if backend is None or (missing in EXTRAS and missing != "jax"):  # a backend, too, and not of the extra train
            raise
        raise InputError(
            f"{BACKEND_VARIABLE} is {backend}, which cannot be imported ({error}). "
            "Install that library, or unset the variable: TensorFlow is the default."
        ) from error


@contextmanager
def _silence() -> Iterator[None]:
    """Close stderr for native code, which writes before TensorFlow reads its own variable for silence."""
    if os.environ.setdefault(LOG_LEVEL_VARIABLE, NO_LOG) != NO_LOG:
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)
