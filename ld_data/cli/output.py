"""Results and errors as the commands print them: JSON or text, with red words on terminals."""

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

RED, PLAIN = "\x1b[31m", "\x1b[0m"


def tell(text: str) -> None:
    """Print what goes on, beside the result, which has the standard output for itself."""
    print(text, file=sys.stderr, flush=True)


def print_any_text() -> None:
    """Let stdout and stderr show every text: a character that their encoding lacks becomes an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_result(result: Any, text: str, as_json: bool, red: Iterable[str] = ()) -> None:
    """Print a result as JSON, or else as `text`, in which the words of `red` are red on terminals."""
    print(json.dumps(result, indent=1) if as_json else colour_red(text, red, sys.stdout))


def report_error(message: str) -> None:
    """Print an error on stderr."""
    print(colour_red(f"error: {message}", ["error:"], sys.stderr), file=sys.stderr)


def colour_red(text: str, words: Iterable[str], stream: TextIO | None) -> str:
    """Return the text with some of its words in red if the stream shows colours."""
    if shows_colours(stream):
        for word in words:
            text = text.replace(word, f"{RED}{word}{PLAIN}", 1 if word == "error:" else -1)
    return text


def shows_colours(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream is a terminal that shows colours, and the user does not refuse them.

    The stream is None if the process was started with it closed. NO_COLOR refuses colours by any value but the empty
    one: https://no-color.org.
    """
    return (
        stream is not None and stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    )
