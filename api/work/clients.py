"""Clients as the limits count them."""

import ipaddress

IPV6_PREFIX = 64  # one customer has at least this many addresses


def name_client(address: str) -> str:
    """Return the key of the client at an address: the address, or the network of an IPv6 customer."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a client on a Unix socket has no address
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
