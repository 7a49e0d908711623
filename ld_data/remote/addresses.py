"""Addresses of pages and services."""

from urllib.parse import urlsplit

from ld_data.errors import InputError


def is_link(text: str) -> bool:
    """Return whether a text is an http or https address."""
    if " " in text or not text.isprintable():  # `urlsplit` drops line breaks; a request would not
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an address, or a port that is not a number
        return False


def check_service(address: str) -> str:
    """Return the address of a service without a slash at its end.

    Raises:
        InputError: it is not an http or https address, or has a query or a fragment, which no route could follow.
    """
    if not is_link(address) or set("?#") & set(address):
        raise InputError(
            f"the service must be an http or https address, such as http://127.0.0.1:8000; received {address!r}."
        )
    return address.rstrip("/")
