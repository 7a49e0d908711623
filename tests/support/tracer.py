"""Coverage's tracer pauses in Keras' training and in tests that are marked `untraced`: there it doubles the time."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import pytest


@contextmanager
def pause_tracer() -> Iterator[None]:
    """Trace neither this thread nor threads that it starts for a while."""
    before = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])


def call_untraced(function: Callable) -> Callable:
    @wraps(function)
    def call(*arguments, **options):
        with pause_tracer():
            return function(*arguments, **options)

    return call


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    if not pyfuncitem.get_closest_marker("untraced"):
        return (yield)
    with pause_tracer():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _no_coverage_inside_keras():
    """Keras traces our functions where it trains and exports; tests of losses, layers and networks call them, too."""
    with pytest.MonkeyPatch.context() as patch:
        if "keras" in sys.modules:
            model = sys.modules["keras"].Model
            for name in ("fit", "evaluate", "predict", "export"):
                patch.setattr(model, name, call_untraced(getattr(model, name)))
        yield
