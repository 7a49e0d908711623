"""Pauses of the tracer of coverage where others' code takes long: it doubles the time of each line of Python."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_coverage_inside_keras():
    """Pause the tracer of coverage while Keras trains and exports: it costs half as much again.

    Keras traces our functions there, whose lines the tests of losses, layers and networks cover by calling them.
    """
    with pytest.MonkeyPatch.context() as patch:
        if "keras" in sys.modules:
            model = sys.modules["keras"].Model
            for name in ("fit", "evaluate", "predict", "export"):
                patch.setattr(model, name, call_untraced(getattr(model, name)))
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import Keras for the modules of slow tests without the tracer of coverage: it takes twice as long with it."""
    if sys.gettrace() is not None and session.config.option.markexpr != "not slow":
        call_untraced(import_module)("keras")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Pause the tracer of coverage in tests marked so; the marker of pytest-cov only changes the tracer under xdist."""
    if item.get_closest_marker("untraced") is None:
        return (yield)
    with pause_tracer():
        return (yield)


@contextmanager
def pause_tracer() -> Iterator[None]:
    tracer, tracer_of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        threading.settrace(tracer_of_threads)


def call_untraced(function: Callable) -> Callable:
    @wraps(function)
    def call(*arguments, **options):
        with pause_tracer():
            return function(*arguments, **options)

    return call
