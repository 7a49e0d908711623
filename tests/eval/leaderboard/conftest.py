import pytest

from eval.leaderboard.store import Store


@pytest.fixture
def store(place):
    """An empty store, on SQLite and on PostgreSQL."""
    store = Store(place)
    yield store
    store.close()
