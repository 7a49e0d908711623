from tests.support.service import BASE, assert_error

DECODE = f"{BASE}/x/decode"


def test_a_body_that_declares_too_much_is_413_with_the_limit(client):
    assert_error(client.post(f"{BASE}/x/decode", content=b"x" * 20_001), 413, "too_large", "20000 bytes", "20001")


def test_a_body_of_unknown_length_is_413_once_it_is_too_long(client):
    response = client.post(f"{BASE}/x/decode", content=(b"x" * 1000 for _ in range(30)))
    assert_error(response, 413, "too_large", "20000 bytes")
