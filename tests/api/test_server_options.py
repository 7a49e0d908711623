"""The options of the server under the service."""

import asyncio
from pathlib import Path

import pytest

from api.middleware.connections import Connection
from api.server import Service, _make_config


@pytest.mark.parametrize(
    ("allowed", "client"), [("", "127.0.0.1"), ("10.0.0.1", "127.0.0.1"), ("127.0.0.1", "9.9.9.9")]
)
def test_a_forwarded_address_is_believed_only_from_a_named_proxy(allowed, client, monkeypatch):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["client"][0])

    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # uvicorn's own setting has no effect
    config = _make_config(app, Service(Path(), "", lambda _: None, forwarded_allow_ips=allowed))
    config.load()
    headers = [(b"x-forwarded-for", b"9.9.9.9")]
    asyncio.run(config.loaded_app({"type": "http", "client": ("127.0.0.1", 1), "headers": headers}, None, None))
    assert seen == [client]
    assert config.http_protocol_class is Connection
