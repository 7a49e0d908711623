"""The bytes that a scheduler in this process has received, as Linux counts them."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, suppress

RECEIVED = 128  # the place in Linux's tcp_info of the bytes that a connection has received
INTERNET = (socket.AF_INET, socket.AF_INET6)


def count_received(port: int) -> float:
    """Return the bytes that the connections of this process have received, but for those to a port.

    The port is that of the scheduler: a connection to it is a client's end. Other systems than Linux have no such
    count: NaN.
    """
    if not hasattr(socket, "TCP_INFO"):
        return float("nan")
    total = 0
    for connection in _list_connections():
        with closing(connection), suppress(OSError):
            if connection.family in INTERNET and connection.getpeername()[1] != port:
                facts = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
                total += struct.unpack_from("Q", facts, RECEIVED)[0]
    return total


def _list_connections() -> Iterator[socket.socket]:
    """Yield a copy of each socket of this process."""
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                yield socket.socket(fileno=os.dup(int(name)))
