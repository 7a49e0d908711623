"""Media types of bodies and answers (RFC 9110, sections 8.3 and 12.5.1)."""

from functools import lru_cache

from starlette.types import Scope
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

KEPT_HEADERS = 64  # clients send the same few headers in every request


def read_header(scope: Scope, name: bytes) -> str:
    """Return a header of a request, its values joined if there are several, or an empty text; `name` in lower case."""
    values = [value for key, value in scope["headers"] if key == name]
    return b", ".join(values).decode("latin-1")


@lru_cache(KEPT_HEADERS)
def read_media_type(content_type: str) -> str:
    """Return the media type in a header Content-Type, in lower case and without parameters."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(KEPT_HEADERS)
def choose_media_type(accept: str, known: tuple[str, ...]) -> str | None:
    """Return the media type among `known` that a header Accept prefers, or None if it accepts none of them.

    Without a header it is the first. Among equally preferred types, it is the most exactly named one, and then the
    first. Parameters other than q, and ranges with an error, are ignored.
    """
    if not accept.strip():
        return known[0]
    ranges = parse_accept_header(accept, MIMEAccept)
    return MIMEAccept((name.partition(";")[0], quality) for name, quality in ranges).best_match(known)
