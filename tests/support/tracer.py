"""Coverage's tracer doubles the time of all Python, so it follows our modules, fixtures and tests, and little else.

It pauses while libraries are imported, where pytest works between the tests, in Keras' training, and in tests that are
marked `untraced`. The fixtures of all tests import this module first, and register it.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

import pytest

from tests.support.paths import ROOT

OURS = tuple(f"{ROOT / name}/" for name in ("ld_data", "vae", "eval", "api", "tests"))
NONE = None, None
UNTRACED = (
    ("matplotlib.figure", "Figure", "savefig"),
    ("sklearn.neural_network", "MLPClassifier", "fit"),
    ("sklearn.neural_network", "MLPRegressor", "fit"),
)
tracers: tuple[Any, Any] = NONE  # of the thread of the tests, and of those that it starts; none without coverage


@contextmanager
def set_tracers(own: Any, others: Any) -> Iterator[None]:
    """Let these functions trace this thread, and threads that it starts, for a while."""
    before = sys.gettrace(), threading.gettrace()
    sys.settrace(own)
    threading.settrace(others)
    try:
        yield
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])


def call_untraced(function: Callable) -> Callable:
    @wraps(function)
    def call(*arguments, **options):
        with set_tracers(*NONE):
            return function(*arguments, **options)

    return call


def import_libraries_untraced() -> None:
    execute = SourceFileLoader.exec_module
    execute_untraced = call_untraced(execute)

    def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
        (execute if loader.path.startswith(OURS) else execute_untraced)(loader, module)

    SourceFileLoader.exec_module = exec_module


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    global tracers  # noqa: PLW0603
    tracers = sys.gettrace(), threading.gettrace()
    with set_tracers(*NONE):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_fixture_setup() -> Iterator[None]:
    with set_tracers(*tracers):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    with set_tracers(*(NONE if pyfuncitem.get_closest_marker("untraced") else tracers)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    with set_tracers(*tracers):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _no_coverage_inside_libraries():
    """Keras traces our functions where it trains and exports; tests of losses, layers and networks call them, too.

    Matplotlib and scikit-learn call none of them.
    """
    with pytest.MonkeyPatch.context() as patch:
        if "keras" in sys.modules:
            model = sys.modules["keras"].Model
            for name in ("fit", "evaluate", "predict", "export"):
                patch.setattr(model, name, call_untraced(getattr(model, name)))
        for name, kind, method in UNTRACED:
            if name in sys.modules:
                owner = getattr(sys.modules[name], kind)
                patch.setattr(owner, method, call_untraced(getattr(owner, method)))
        yield


import_libraries_untraced()
