"""The fixtures of all tests, in the processes that run tests; and the modules that are not collected."""

import os
import re
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_configure(config: pytest.Config) -> None:
    """Import the fixtures, which takes seconds, unless the process only hands out the tests to others."""
    if config.getoption("dist", "no") == "no" or hasattr(config, "workerinput"):
        for name in ("tracer", "fixtures"):
            config.pluginmanager.import_plugin(f"tests.support.{name}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a module of slow tests where they are left out: most of these modules import Keras."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return re.search(r"^pytestmark = \[?pytest\.mark\.slow\b", collection_path.read_text("utf-8"), re.M) and True
