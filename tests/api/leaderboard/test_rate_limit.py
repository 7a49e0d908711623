import pytest

from api.errors import RateLimitError
from api.leaderboard import rate_limit
from api.leaderboard.rate_limit import RateLimit


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is moved."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr("time.time", lambda: Clock.now)
    return Clock


@pytest.fixture
def limit(clock):
    return RateLimit(3)


def use_up(limit, address):
    taken = 0
    while taken < 100:
        try:
            limit.take(address)
        except RateLimitError:
            break
        taken += 1
    return taken


def test_a_minutes_worth_may_come_at_once_and_then_no_more(limit, clock):
    assert use_up(limit, "1.2.3.4") == 3
    clock.now += 39.5
    with pytest.raises(RateLimitError, match=r"3 submissions or removals a minute. Try again in 21 s") as caught:
        limit.take("1.2.3.4")
    assert caught.value.retry_after == 21


def test_a_client_may_send_again_after_the_time_that_it_was_given(limit, clock):
    use_up(limit, "1.2.3.4")
    with pytest.raises(RateLimitError) as caught:
        limit.take("1.2.3.4")
    clock.now += caught.value.retry_after - 1
    assert use_up(limit, "1.2.3.4") == 0
    clock.now += 1
    assert use_up(limit, "1.2.3.4") == 3


def test_clients_are_counted_apart(limit):
    use_up(limit, "1.2.3.4")
    assert [use_up(limit, address) for address in ("1.2.3.5", "2001:db8::1", "2001:db8:0:1::1", "", "unix")] == [3] * 5


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("1.2.3.4", "1.2.3.4"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"), ("", "")],
)
def test_addresses_of_one_customer_are_counted_together(limit, one, other):
    use_up(limit, one)
    assert use_up(limit, other) == 0


def test_memory_stays_bounded(limit, monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_CLIENTS", 10)
    for number in range(100):
        limit.take(f"1.2.3.{number}")
        assert len(limit._storage.storage) <= 10
