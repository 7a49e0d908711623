"""What the command lines of all packages share: exit statuses, errors as one sentence, and printed results."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ld_data.errors import InputError, LdDataError
from ld_data.extras import explain_missing

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130
BACKEND_VARIABLE = "KERAS_BACKEND"


def run(command: Callable[[], None]) -> int:
    """Return the exit status of a command: 0 done, 1 failed with a message on stderr, 130 interrupted."""
    try:
        command()
    except LdDataError as error:
        print(f"error: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        if (explanation := explain_missing(error)) is None:
            raise
        print(f"error: {explanation}", file=sys.stderr)
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"error: {error}. Check the path, its permissions and the space on the disk.", file=sys.stderr)
    except MemoryError as error:
        print(f"error: this does not fit into memory. Ask for less at once. {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    else:
        return 0
    return EXIT_FAILURE


def print_result(result: Any, text: str, as_json: bool) -> None:
    """Print a result as JSON, or else as `text`."""
    print(json.dumps(result, indent=1) if as_json else text)


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Keep TensorFlow's start-up notices off the terminal while it is imported, unless the user wants to see them.

    They are written by native code, some of it before TensorFlow looks at its own variable for silence. Raises
    `InputError` if Keras cannot have the backend that the user wants.
    """
    try:
        with _silence():
            yield
    except (ImportError, ValueError) as error:
        if (backend := os.environ.get(BACKEND_VARIABLE)) is None:
            raise
        raise InputError(
            f"{BACKEND_VARIABLE} is {backend}, and cannot be had ({error}). "
            "Install that library, or unset the variable: TensorFlow is the default."
        ) from error


@contextmanager
def _silence() -> Iterator[None]:
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
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
