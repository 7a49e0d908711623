import pytest

from api.errors import RateLimitError
from api.leaderboard import rate_limit
from api.leaderboard.rate_limit import RateLimit


class Clock:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limit(clock):
    return RateLimit(3, clock)


def use_up(limit, address):
    taken = 0
    while taken < 100:
        try:
            limit.take(address)
        except RateLimitError:
            break
        taken += 1
    return taken


def test_a_minute_of_requests_may_come_at_once(limit):
    assert use_up(limit, "1.2.3.4") == 3
    with pytest.raises(RateLimitError, match=r"3 submissions or removals a minute. Try again in 20 s") as caught:
        limit.take("1.2.3.4")
    assert caught.value.retry_after == 20


def test_buckets_refill_steadily(limit, clock):
    use_up(limit, "1.2.3.4")
    clock.now += 20
    assert use_up(limit, "1.2.3.4") == 1
    clock.now += 10_000
    assert use_up(limit, "1.2.3.4") == 3


def test_each_client_has_its_own_bucket(limit):
    use_up(limit, "1.2.3.4")
    assert use_up(limit, "1.2.3.5") == 3
    assert use_up(limit, "2001:db8::1") == 3
    assert use_up(limit, "2001:db8:0:1::1") == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("1.2.3.4", "1.2.3.4"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4")],
)
def test_addresses_of_one_customer_share_a_bucket(limit, one, other):
    use_up(limit, one)
    assert use_up(limit, other) == 0


def test_memory_stays_bounded(limit, clock, monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_ADDRESSES", 10)
    for number in range(100):
        limit.take(f"1.2.3.{number}")
        clock.now += 1
    assert len(limit._buckets) <= 21
    clock.now -= 1
    for number in range(100):
        limit.take(f"1.2.4.{number}")
    assert len(limit._buckets) <= 21


def test_a_database_counts_in_place_of_this_process(clock):
    waits = {"1.2.3.4": 0.0, "1.2.3.5": 7.2, "1.2.3.6": None}
    limit = RateLimit(1, clock, waits.get)
    for _ in range(5):
        limit.take("1.2.3.4")
    with pytest.raises(RateLimitError, match=r"Try again in 8 s"):
        limit.take("1.2.3.5")
    assert use_up(limit, "1.2.3.6") == 1
