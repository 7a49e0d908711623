"""The options of the server under the service."""

import asyncio
from pathlib import Path

import pytest

from api.middleware.addresses import Addresses
from api.middleware.connections import Connection
from api.server import Service, _make_config
from api.settings import Access


@pytest.mark.parametrize(
    ("allowed", "client"), [("", "127.0.0.1"), ("10.0.0.1", "127.0.0.1"), ("127.0.0.1", "9.9.9.9")]
)
def test_a_forwarded_address_is_believed_only_from_a_named_proxy(allowed, client, monkeypatch):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["client"][0])

    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # uvicorn's own setting has no effect
    config = _make_config(Addresses(app, Access(forwarded_allow_ips=allowed)), Service(Path(), "", lambda _: None))
    config.load()
    headers = [(b"x-forwarded-for", b"9.9.9.9")]
    scope = {"type": "http", "http_version": "1.0", "path": "/", "client": ("127.0.0.1", 1), "headers": headers}
    asyncio.run(config.loaded_app(scope, None, None))
    assert seen == [client]
    assert config.http_protocol_class is Connection
