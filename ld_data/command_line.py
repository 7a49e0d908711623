"""What the command lines of all packages share: exit statuses, errors as one sentence, and printed results."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from ld_data.errors import LdDataError

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130


def run(command: Callable[[], None]) -> int:
    """Return the exit status of a command: 0 done, 1 failed with a message on stderr, 130 interrupted."""
    try:
        command()
    except LdDataError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"error: {error}. Check the path, its permissions and the space on the disk.", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    else:
        return 0
    return EXIT_FAILURE


def print_result(result: Any, text: str, as_json: bool) -> None:
    """Print a result as JSON, or else as `text`."""
    print(json.dumps(result, indent=1) if as_json else text)


def make_quiet() -> None:
    """Keep TensorFlow's start-up notices off the terminal, unless the user has set what it may say."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
