"""The datasets, the leaderboard and the generator in a real browser, with the shipped releases."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import ld_data
from tests.api.page.actions import MARKS, choose, see, wait
from tests.test_shipped_releases import CHECKPOINTS

pytestmark = MARKS


@pytest.mark.parametrize("file", ["data.npz", "test_y.npy", "examples.npz"])
def test_downloads_have_the_hash_in_the_manifest(file, open_page):
    page = open_page("datasets")
    card = page.locator("article", has=page.get_by_role("heading", name="ld-mnist1d-32"))
    row = card.locator("tr", has=page.get_by_role("link", name=file, exact=True))
    with page.expect_download() as download:
        row.get_by_role("link").click()
    digest = hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest()
    assert row.locator(".hash").inner_text() == digest
    manifest = ld_data.load(CHECKPOINTS / "ld-mnist1d-32").manifest
    assert digest == (manifest.npy_files if file.endswith(".npy") else manifest.files)[file].sha256


def test_snippets_are_of_the_release_and_run(open_page, monkeypatch):
    page = open_page("datasets")
    monkeypatch.setenv("LD_DATA_CHECKPOINTS", str(CHECKPOINTS))
    card = page.locator("article", has=page.get_by_role("heading", name="ld-mnist1d-32"))
    for library in ("Keras", "PyTorch", "numpy"):
        card.get_by_role("button", name=library).click()
        snippet = card.locator("pre").inner_text()
        compile(snippet, library, "exec")
        assert 'ld_data.load("ld-mnist1d-32")' in snippet
    exec(snippet, {})  # noqa: S102 - the last one, which needs only numpy


def test_the_leaderboard_sorts(open_page):
    page = open_page("leaderboard")
    names = page.locator("#scores tbody tr:not(.reference) td:nth-child(2)")
    headings = page.locator("#scores th button")
    expect(names).to_have_text(["<b>best</b>", "three seeds", "middling", "Weak"])
    headings.filter(has_text="model").click()
    expect(names).to_have_text(["<b>best</b>", "middling", "three seeds", "Weak"])
    headings.filter(has_text="model").click()
    expect(names).to_have_text(["Weak", "three seeds", "middling", "<b>best</b>"])
    headings.filter(has_text="skill").click()
    expect(names).to_have_text(["<b>best</b>", "three seeds", "middling", "Weak"])
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("skill")
    places = page.locator(".scale span").evaluate_all("marks => marks.map(mark => parseFloat(mark.style.left))")
    assert places == sorted(places, reverse=True)
    assert places[-1] == 0 < places[len(places) // 2] < places[0] == 100  # the baselines mean and oracle


def test_tie_groups_intervals_and_baselines_are_shown(open_page):
    page = open_page("leaderboard")
    rows = page.locator("#scores tbody tr")
    own = page.locator("#scores tbody tr:not(.reference)")
    expect(own.locator("td:nth-child(1)")).to_have_text(["1", "1", "3", "4"])
    expect(own.locator("td:nth-child(7)")).to_have_text(["1", "3", "1", "1"])
    assert own.evaluate_all("rows => rows.map(row => row.className)") == ["", "", "first", "first"]
    expect(own.nth(1).locator("td:nth-child(3)")).to_have_text(re.compile(r"^0\.2\d\d ± 0\.0\d\d$"))
    assert own.nth(1).locator(".range").bounding_box()["width"] > 1
    expect(rows.first.locator("td:nth-child(1)")).to_have_text("baseline")
    expect(rows.first.locator("td:nth-child(2)")).to_have_text("oracle")
    expect(rows.first.locator(".range")).to_have_count(0)  # a baseline without seeds has no interval
    assert page.locator(".reference").count() > 10
    page.locator("#scores th button").filter(has_text="skill").click()
    expect(page.locator("#scores .first")).to_have_count(0)


def test_large_figures_are_short(open_page):
    def enlarge(route):
        answer = route.fetch()
        board = answer.json()
        board["scores"][0] |= {"skill": -1.2e13, "mse": 1e12, "noise_free_mse": 1e12, "intervals": None}
        route.fulfill(response=answer, json=board)

    page = open_page()
    page.route("**/scores*", enlarge)
    page.get_by_role("link", name="Leaderboard").click()
    row = page.locator("#scores tbody tr:not(.reference)").last
    expect(row.locator("td:nth-child(3)")).to_have_text(re.compile(r"^-\d\.\de\+13$"))
    expect(row.locator("td:nth-child(4)")).to_have_text("1.0e+12")
    expect(row.locator("td:nth-child(6)")).to_have_text("1.0e+12")


def test_a_receipt_is_shown(open_page):
    page = open_page("leaderboard")
    page.locator("#scores summary").first.click()
    expect(page.locator("#scores dd").first).to_have_text(re.compile("[0-9a-f]{64}"))


def test_an_empty_leaderboard_says_so(open_page):
    page = open_page("leaderboard")
    choose(page, "ld-mnist1d-32")
    expect(page.get_by_text("No model has been submitted yet.")).to_be_visible()
    expect(page.locator(".reference").first).to_be_visible()


def test_a_knob_changes_the_signals_and_they_can_be_downloaded(open_page):
    page = open_page("generator")
    before = see(page, "#signals")
    page.get_by_label("seed").focus()
    page.keyboard.press("ArrowRight")
    wait(page)
    assert see(page, "#signals") != before
    page.get_by_label("signals", exact=True).fill("100")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download .npz").click()
    with np.load(download.value.path()) as arrays:
        assert (len(arrays["x"]), len(arrays["x_test"])) == (80, 20)
    page.get_by_role("button", name="Published values").click()
    wait(page)
    assert see(page, "#signals") == before
