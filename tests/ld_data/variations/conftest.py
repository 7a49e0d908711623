"""Fixtures of the tests that read small published sets."""

import pytest

from tests.support.amats import TEST, TRAIN, make_rows, write_lines


@pytest.fixture
def few_rows(monkeypatch) -> None:
    """Make published sets small."""
    for name, rows in (("TRAIN_ROWS", TRAIN), ("VALIDATION_ROWS", 2), ("TEST_ROWS", TEST)):
        monkeypatch.setattr(f"ld_data.variations.published.{name}", rows)


@pytest.fixture(scope="session")
def contents() -> tuple[bytes, bytes]:
    """The training and the test file of a small set."""
    return write_lines(make_rows(TRAIN, 1)), write_lines(make_rows(TEST, 2), "single spaces")
