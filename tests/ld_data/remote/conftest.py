"""Fixtures of the tests that send requests."""

import pytest


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """The pauses before each further try, recorded instead of slept."""
    made = []
    monkeypatch.setattr("ld_data.remote.retry.PAUSE_SECONDS", 0.5)
    monkeypatch.setattr("ld_data.remote.retry.time.sleep", made.append)
    return made
