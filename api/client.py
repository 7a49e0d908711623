"""The client of the service; it stands in `ld_data.remote.client`."""

from ld_data.remote.client import Client

__all__ = ["Client"]
