"""Colour for terminals, and for them alone."""

import os
from collections.abc import Iterable, Mapping
from typing import TextIO

RED, PLAIN = "\x1b[31m", "\x1b[0m"


def is_colourful(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream is a terminal that shows colours, and its user minds none of them.

    There is no stream where a process was started with it closed. See https://no-color.org for NO_COLOR, which may have
    any value but the empty one.
    """
    return (
        stream is not None and stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    )


def paint_red(text: str, stream: TextIO | None, words: Iterable[str] | None = None) -> str:
    """Return the text, or else those words of it, in red for a stream that shows colours; as it is for any other."""
    if not is_colourful(stream):
        return text
    if words is None:
        return f"{RED}{text}{PLAIN}"
    for word in words:
        text = text.replace(word, f"{RED}{word}{PLAIN}")
    return text
