"""Colour for terminals, and for them alone."""

import os
from collections.abc import Iterable, Mapping
from typing import TextIO

RED, PLAIN = "\x1b[31m", "\x1b[0m"


def is_colourful(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream is a terminal that shows colours, and its user minds none of them.

    See https://no-color.org for NO_COLOR, which may have any value but the empty one.
    """
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def paint_red(text: str, stream: TextIO, words: Iterable[str] | None = None) -> str:
    """Return the text, or else those words of it, in red for a stream that shows colours; as it is for any other."""
    if not is_colourful(stream):
        return text
    if words is None:
        return f"{RED}{text}{PLAIN}"
    for word in words:
        text = text.replace(word, f"{RED}{word}{PLAIN}")
    return text
