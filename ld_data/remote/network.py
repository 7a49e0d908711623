"""HTTP clients that heed the environment: proxies and certificates, with errors that name the variable at fault."""

import os
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx2

from ld_data.errors import InputError
from ld_data.remote.bounded import BoundedClient
from ld_data.storage.arrays import MAX_ARRAY_BYTES

PROXIES = ("http", "https", "socks5", "socks5h")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def open_client(
    address: str, timeout: float = 60.0, most_bytes: int = MAX_ARRAY_BYTES, **options: Any
) -> BoundedClient:
    """Return an HTTP client for an address, with further arguments of `httpx2.Client`; the caller closes it.

    One step of a request may take `timeout` in seconds, and one answer at most `most_bytes`.

    Requests to this machine, and to hosts that NO_PROXY names, do not go through a proxy.

    Raises:
        InputError: the environment names a proxy or certificates that cannot be used.
    """
    if is_proxied := not _is_direct(address):
        for scheme, proxy in getproxies().items():
            if scheme in ("http", "https", "all"):
                _check_proxy(_find_variable(scheme), proxy)
    try:
        certificates = httpx2.create_ssl_context()
    except OSError as error:
        raise InputError(f"the certificates cannot be read ({error}).{_name_certificates()}") from error
    options |= {"verify": certificates, "trust_env": is_proxied, "timeout": timeout}
    return BoundedClient(2 * timeout, most_bytes, **options)


def name_settings(address: str, error: object = "") -> str:
    """Return a sentence about the settings of the environment that a failed request depended on; empty without any."""
    scheme, proxies = address.partition(":")[0], getproxies()
    scheme = scheme if scheme in proxies else "all"
    sentence = _name_certificates() if "CERTIFICATE" in str(error) else ""
    if scheme in proxies and not _is_direct(address):
        sentence += f" The request goes through the proxy that {_find_variable(scheme)} names; NO_PROXY excepts hosts."
    return sentence


def _check_proxy(variable: str, proxy: str) -> None:
    text = proxy if "://" in proxy else f"http://{proxy}"
    expected = f"{variable} must be the address of a proxy, such as http://127.0.0.1:3128"
    try:
        url = httpx2.URL(text)
        is_good = url.scheme in PROXIES and bool(url.host.encode("idna")) and (url.port or 1) < 2**16
    except (httpx2.InvalidURL, UnicodeError):
        is_good = False
    if not is_good:  # the value may hold a password
        raise InputError(f"{expected}; its value is another. Correct it, or unset it.")
    if url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise InputError(
            f'{variable} names a SOCKS proxy, which needs socksio: `pip install "httpx2[socks]"`. Install it, or unset '
            f"{variable}."
        )


def _is_direct(address: str) -> bool:
    """Return whether requests to an address go through no proxy, whatever it is."""
    try:
        host = httpx2.URL(address).host
        return host == "localhost" or bool(proxy_bypass(host)) or ip_address(host).is_loopback
    except (ValueError, httpx2.InvalidURL):  # another name, or no address at all
        return False


def _find_variable(scheme: str) -> str:
    """Return the name of the variable that holds the proxy of a scheme, written as it is set."""
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    return next((name for name in names if os.environ.get(name)), "the network setting of this system")


def _name_certificates() -> str:
    named = " and ".join(name for name in CERTIFICATES if os.environ.get(name))
    return f" Check {named}, which the environment sets." if named else ""
