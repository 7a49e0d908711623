"""A browser, and a service with the shipped releases and a few scores."""

from contextlib import ExitStack
from functools import cache, partial

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

import ld_data
import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from api.releases.operations import make_prediction
from eval import evaluate
from eval.leaderboard.client import submit
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Submission
from tests.api.page.actions import BROWSER, DESKTOP, wait
from tests.support.servers import serve
from tests.support.tracer import NONE, set_tracers
from tests.test_shipped_releases import CHECKPOINTS


@pytest.fixture(scope="package")
def address(tmp_path_factory):
    """The address of a service with a few scores."""
    with Catalogue() as catalogue:
        catalogue.add_all(CHECKPOINTS, vae.load)
        for found in catalogue.ready:
            found.__dict__["predictions"] = {}
        found = catalogue.find("ld-mnist-32")
        models = {name: partial(_predict, share) for name, share in (("mlp", 1), ("feedback-alignment", -1))}
        found.__dict__["predictions"] = {name: make_prediction(found.codec, own) for name, own in models.items()}
        store = Store(str(tmp_path_factory.mktemp("page") / "scores.sqlite"))
        with set_tracers(*NONE), serve(make_app(catalogue, store)) as address:  # as in the tests
            _submit(address)
            yield address


def _predict(share, x):
    """Return a share of the least squares: a model that is right for most rows, or for -1 wrong."""
    return (share * x @ _fit()).astype(np.float32)


@cache
def _fit():
    data = ld_data.load(CHECKPOINTS / "ld-mnist-32")
    return np.linalg.lstsq(data.train.x, data.train.y, rcond=None)[0]


def _submit(address):
    """Submit four models of one release, the best one second, and the last one with three seeds that tie with it."""
    data, fitted = ld_data.load(CHECKPOINTS / "ld-mnist-32"), _fit()
    for share, name in ((0.3, "Weak"), (1.0, "<b>best</b>"), (0.6, "middling")):
        evaluate(_predict(share, data.test.x), data, submit_to=address, name=name)
    random = np.random.default_rng(0)
    seeds = [data.test.x @ (fitted + random.normal(0, 0.002, fitted.shape)) for _ in range(3)]
    submit(address, data, np.array(seeds), Submission("three seeds"))


@pytest.fixture(scope="package")
def browser():
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


def watch(page, address):
    """Let a page collect the complaints of the browser, and the requests to another host."""
    page.complaints = complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((address, "blob:")) else complaints.append(request.url),
    )
    return page


@pytest.fixture(scope="package")
def window(browser, address):
    """The window of most tests: another one takes a second."""
    with browser.new_context() as context:
        yield watch(context.new_page(), address)


@pytest.fixture
def open_page(browser, address, window):
    """Open a part of the page; at the end, the browser has no complaints, and no request went to another host."""
    with ExitStack() as contexts:
        pages = []

        def open_page(part="explorer", size=DESKTOP, **options):
            if options:
                page = watch(contexts.enter_context(browser.new_context(**options)).new_page(), address)
            else:
                page = window
                page.unroute_all(behavior="ignoreErrors")
                page.goto("about:blank")
                page.emulate_media(color_scheme="light")
                page.complaints.clear()
            pages.append(page)
            page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
            page.goto(f"{address}/#{part}" if part else address)
            wait(page)
            return page

        yield open_page
    assert [complaint for page in pages for complaint in page.complaints] == []
