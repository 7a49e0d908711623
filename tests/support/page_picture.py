"""The picture of the page in the README: `python -m tests.support.page_picture` makes it anew, with Chromium."""

import shutil
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from eval.leaderboard.store import Store
from tests.support.paths import CHECKPOINTS, ROOT
from tests.support.servers import serve

PLACE = ROOT / "docs" / "page.png"
WIDTH, HEIGHT = 1280, 860


def draw_page() -> None:
    """Write the picture of the first part of the page, as a service of the shipped releases shows it."""
    with TemporaryDirectory() as folder, Catalogue() as catalogue, sync_playwright() as playwright:
        catalogue.add_all(CHECKPOINTS, vae.load)
        store = Store(f"{folder}/scores.sqlite")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serve(make_app(catalogue, store)) as address:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.goto(address)
            page.locator("#skills .dot").first.wait_for()
            page.screenshot(path=PLACE)
        browser.close()
        store.close()


if __name__ == "__main__":
    draw_page()
