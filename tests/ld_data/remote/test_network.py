"""Settings of the environment for the network: what they break is told by their name, and loopback needs none."""

import pytest

from ld_data.errors import DownloadError, InputError, ServiceError
from ld_data.remote.client import Client
from ld_data.remote.network import open_client
from ld_data.remote.transfer import fetch_bytes
from tests.support.servers import Answer, serve_answers

REMOTE = "http://example.org"
DATASETS = Answer(200, b'{"datasets": []}')


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for scheme in ("http", "https", "all", "no"):
        for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY"):
            monkeypatch.delenv(name, raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("HTTP_PROXY", "ftp://127.0.0.1"),
        ("https_proxy", "http://[::1"),
        ("HTTP_PROXY", "http://secret@a:b"),
        ("http_proxy", "http://a:70000"),
        ("HTTPS_PROXY", "http://a..b"),
        ("HTTP_PROXY", "http://"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_and_does_not_concern_this_machine(variable, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    for ask in (lambda: Client(REMOTE), lambda: fetch_bytes(REMOTE, 1)):
        with pytest.raises(InputError, match=rf"^{variable} .*unset") as caught:
            ask()
        assert "secret" not in str(caught.value)
    with serve_answers(lambda asked: DATASETS) as (address, _):
        for own in (address, address.replace("127.0.0.1", "localhost")):
            with Client(own) as client:
                assert client.list_datasets() == []
            assert fetch_bytes(own, 100) == DATASETS.body
    monkeypatch.setenv("NO_PROXY", "example.org")
    open_client(REMOTE).close()


def test_a_socks_proxy_says_what_to_install(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(InputError, match=r'pip install "httpx2\[socks\]"'):
        open_client(REMOTE)


def test_a_proxy_that_does_not_answer_or_answers_itself_is_named(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"refused.*through the proxy that http_proxy names"):
        fetch_bytes(REMOTE, 1)
    with serve_answers(lambda asked: Answer(403, b"<html>no</html>")) as (address, asked):
        monkeypatch.setenv("http_proxy", address)
        with Client(REMOTE) as client, pytest.raises(ServiceError, match=r"403, but not in JSON.*http_proxy names"):
            client.list_datasets()
        with pytest.raises(DownloadError, match=r"403: a web page.*http_proxy names"):
            fetch_bytes(REMOTE, 100)
    assert asked[0].path == f"{REMOTE}/v1/datasets"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_named(content, tmp_path, monkeypatch):
    if content:
        (tmp_path / "ca.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(InputError, match="Check SSL_CERT_FILE"):
        open_client(REMOTE)
