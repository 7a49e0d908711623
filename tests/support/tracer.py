"""Coverage's tracer runs in tests and fixtures alone: in what is not ours it more than doubles the time of Python.

It pauses in pytest's own work, in the imports of libraries, in Keras' training, and in tests that are marked so.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.machinery import SourceFileLoader

import pytest

OURS = {"ld_data", "vae", "eval", "api"}
OFF = (None, None)
last = [OFF]  # the tracers of this thread and of new ones, when they were last paused


@contextmanager
def use_tracers(tracers: tuple) -> Iterator[None]:
    """Trace this thread, and threads that it starts, by others for a while."""
    before = sys.gettrace(), threading.gettrace()
    if before[0] is not None and threading.current_thread() is threading.main_thread():
        last[0] = before
    sys.settrace(tracers[0])
    threading.settrace(tracers[1])
    try:
        yield
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])


def call_untraced(function: Callable) -> Callable:
    @wraps(function)
    def call(*arguments, **options):
        with use_tracers(OFF):
            return function(*arguments, **options)

    return call


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Iterator[None]:
    with use_tracers(OFF):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_fixture_setup() -> Iterator[None]:
    with use_tracers(last[0]):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    with use_tracers(OFF if pyfuncitem.get_closest_marker("untraced") else last[0]):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown() -> Iterator[None]:
    with use_tracers(last[0]):
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


def pytest_configure() -> None:
    """Trace the imports of our modules alone."""
    if sys.gettrace() is None:
        return
    execute = SourceFileLoader.exec_module

    def exec_module(loader, module):
        is_ours = module.__name__.partition(".")[0] in OURS
        if threading.current_thread() is not threading.main_thread() or is_ours == (sys.gettrace() is not None):
            return execute(loader, module)
        with use_tracers(last[0] if is_ours else OFF):
            return execute(loader, module)

    SourceFileLoader.exec_module = exec_module
