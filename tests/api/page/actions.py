"""Actions on the page in a browser."""

import shutil

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MARKS = [
    pytest.mark.slow,
    pytest.mark.untraced,
    pytest.mark.skipif(BROWSER is None, reason="needs a Chromium: `apt-get install chromium`"),
]
PARTS = ("benchmark", "explorer", "map", "datasets", "leaderboard", "generator", "studies")
RELEASES = ("ld-mnist-32", "ld-mnist-rot-back-32", "ld-mnist1d-32")
DESKTOP, PHONE = (1280, 900), (390, 844)


def wait(page):
    """Wait until the page is idle; `expect` would look again later and later."""
    page.locator("main[aria-busy=false]").wait_for()


def see(page, canvas):
    """Return the picture on a canvas."""
    return page.locator(canvas).evaluate("canvas => canvas.toDataURL()")


def see_change(page, canvas, before):
    """Wait until the picture on a canvas changes."""
    for _ in range(250):
        if see(page, canvas) != before:
            return
        page.wait_for_timeout(20)
    pytest.fail(f"{canvas} shows the same picture as before")


def choose(page, release):
    """Choose a release, and wait until it is shown."""
    page.select_option("#release", release)
    wait(page)
