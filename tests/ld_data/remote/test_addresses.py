import pytest

from ld_data.errors import InputError
from ld_data.remote.addresses import check_service, is_link


@pytest.mark.parametrize("text", ["http://a", "https://a.b:1/c?d#e", "http://[::1]:8000"])
def test_an_http_address_is_a_link(text):
    assert is_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a:80",
        "ftp://a",
        "http://",
        "http://a b",
        "http://[",
        "http://a:0",
        "http://a:b",
        "http://a\nb",
        "http://a\x1b",
    ],
)
def test_anything_else_is_refused(text):
    assert not is_link(text)
    with pytest.raises(InputError, match="http or https address"):
        check_service(text)


def test_a_service_s_address_has_no_slash_at_its_end():
    assert check_service("http://a:8000//") == check_service("http://a:8000") == "http://a:8000"


@pytest.mark.parametrize("address", ["http://a:8000/?b=1", "http://a/#b"])
def test_a_service_s_address_ends_with_its_path(address):
    assert is_link(address)
    with pytest.raises(InputError, match="http or https address"):
        check_service(address)
