"""Which media type a body has, and which one its answer shall have (RFC 9110, sections 8.3 and 12.5.1)."""

import re
from functools import lru_cache

from starlette.types import Scope

KEPT_HEADERS = 64  # of the last that were read, as clients send the same again and again
QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def read_header(scope: Scope, name: bytes) -> str:
    """Return a request's header, its values joined if it came several times, or an empty text; `name` in lower case."""
    values = [value for key, value in scope["headers"] if key == name]
    return b", ".join(values).decode("latin-1")


@lru_cache(KEPT_HEADERS)
def read_media_type(content_type: str) -> str:
    """Return the media type that a header Content-Type names, in lower case and without parameters."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(KEPT_HEADERS)
def choose_media_type(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return the media type among those offered that a header Accept likes best, or None if it likes none of them.

    Without a header that is the first. Of several that are liked alike it is the one that is named most exactly, and
    of these the first offered. Parameters other than q, and ranges that cannot be read, are ignored.
    """
    if not accept.strip():
        return offered[0]
    ranges = dict(_read_range(text) for text in accept.split(","))
    ratings = {name: _rate(name, ranges) for name in offered}
    best = max(offered, key=lambda name: ratings[name])  # the first of equals
    return best if ratings[best][0] > 0 else None


def _read_range(text: str) -> tuple[str, float]:
    """Return a media range and its quality; 1 if it names none, 0 if what it names is no quality."""
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((value for name, _, value in (part.partition("=") for part in parameters) if name == "q"), "1")
    return media_range, float(quality) if QUALITY.fullmatch(quality) else 0.0


def _rate(media_type: str, ranges: dict[str, float]) -> tuple[float, int]:
    """Return the quality of the range that names a media type most exactly, and how exactly: 2, 1, or 0 for `*/*`."""
    kind = media_type.partition("/")[0]
    for exactness, name in ((2, media_type), (1, f"{kind}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], exactness
    return 0.0, 0
