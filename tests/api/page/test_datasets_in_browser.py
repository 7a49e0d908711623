"""The datasets, the leaderboard and the generator in a real browser, with the shipped releases."""

import hashlib
import re
from pathlib import Path

import numpy as np
from playwright.sync_api import expect

import ld_data
from tests.api.page.actions import MARKS, choose, see, wait
from tests.test_shipped_releases import CHECKPOINTS

pytestmark = MARKS


def test_downloads_have_the_hash_in_the_manifest(open_page):
    page = open_page("datasets?release=ld-mnist1d-32")
    manifest = ld_data.load(CHECKPOINTS / "ld-mnist1d-32").manifest
    page.get_by_text("Files and hashes").click()
    for file in ("data.npz", "test_y.npy", "examples.npz"):
        row = page.locator("tr", has=page.get_by_role("link", name=file, exact=True))
        with page.expect_download() as download:
            row.get_by_role("link").click()
        digest = hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest()
        assert row.locator(".hash").inner_text() == digest
        assert digest == (manifest.npy_files if file.endswith(".npy") else manifest.files)[file].sha256


def test_snippets_are_of_the_release_and_run(open_page, monkeypatch):
    page = open_page("datasets?release=ld-mnist1d-32")
    monkeypatch.setenv("LD_DATA_CHECKPOINTS", str(CHECKPOINTS))
    for library in ("Keras", "PyTorch", "numpy"):
        page.get_by_role("button", name=library).click()
        snippet = page.locator("#dataset pre").inner_text()
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
    expect(own.locator("td:nth-child(9)")).to_have_text(["1", "3", "1", "1"])
    assert own.evaluate_all("rows => rows.map(row => row.className)") == ["", "", "first", "first"]
    expect(own.nth(1).locator("td:nth-child(3)")).to_have_text(re.compile(r"^0\.2\d\d ± 0\.0\d\d$"))
    assert own.nth(1).locator(".range").bounding_box()["width"] > 1
    expect(rows.first.locator("td:nth-child(1)")).to_have_text("baseline")
    expect(rows.first.locator("td:nth-child(2)")).to_have_text("oracle")
    expect(rows.first.locator(".range")).to_have_count(0)  # a baseline without seeds has no interval
    assert page.locator("#scores .reference").count() > 10
    rule = page.locator("#scores .reference", has_text="feedback-alignment")
    expect(rule.locator("td:nth-child(7)")).to_have_text("82,464")
    expect(rule.locator("td:nth-child(8)")).not_to_be_empty()
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


def test_a_receipt_is_shown(open_page):
    page = open_page("generator")
    page.get_by_role("link", name="Leaderboard").click()
    page.locator("#scores td button").first.click()
    dialog = page.get_by_role("dialog", name="Receipt of <b>best</b>")
    expect(dialog.locator(".hash").first).to_have_text(re.compile("[0-9a-f]{64}"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator("#scores td button").first.click()
    page.go_back()
    page.get_by_label("seed").click()  # the dialog is closed, and bars nothing
    wait(page)


def test_the_snippet_of_a_submission_names_the_service_and_the_facts_of_a_rule(address, open_page):
    snippet = open_page("leaderboard").locator("#submit-snippet").inner_text()
    compile(snippet, "snippet", "exec")
    for part in (f'submit_to="{address}"', 'ld_data.load("ld-mnist-32")', "learning_rule=", "parameters=", "seconds="):
        assert part in snippet


def test_the_challenge_shows_its_season_and_the_gap_to_the_public_rank(open_page):
    def add(route):
        answer = route.fetch()
        season = answer.json()
        entry = {"rank": 1, "name": "<i>best</i>", "skill": 0.25, "public_rank": 3, "rank_gap": -2}
        route.fulfill(response=answer, json=season | {"scores": [entry], "held": [], "suspects": []})

    page = open_page("leaderboard")
    expect(page.locator("#challenge-part")).to_be_hidden()
    choose(page, "ld-mnist1d-32")
    expect(page.locator("#challenge-about")).to_contain_text(
        "Season 1 has 10,000 rows, drawn from a secret, and was opened today"
    )
    expect(page.locator("#challenge-snippet")).to_contain_text("--challenge --season 1 ")
    expect(page.locator("#challenge-scores tbody")).to_have_text("No entries in this season yet.")
    page.route("**/challenge/scores", add)
    page.reload()
    expect(page.locator("#challenge-scores tbody td")).to_have_text(["1", "<i>best</i>", "0.250", "3", "-2"])


def test_rows_come_first_with_pictures_and_lead_to_the_explorer(open_page):
    page = open_page("datasets")
    rows = page.locator("#dataset .rows tbody tr")
    expect(rows).to_have_count(8)
    test = ld_data.load(CHECKPOINTS / "ld-mnist-32").test
    expect(rows.locator("td:nth-child(2)")).to_have_text([str(label) for label in test.label[:8]])
    first = see(page, "#dataset .rows tr:first-child td:nth-child(3) canvas")
    page.get_by_role("button", name="Later rows").click()
    expect(rows.first.get_by_role("button")).to_have_text("8")
    wait(page)
    assert see(page, "#dataset .rows tr:first-child td:nth-child(3) canvas") != first
    page.reload()
    expect(rows.first.get_by_role("button")).to_have_text("8")
    rows.nth(2).get_by_role("button", name="row 10 in the explorer").click()
    expect(page.locator("#original-caption")).to_contain_text("test row 10,")


def test_a_release_is_chosen_from_the_table(open_page):
    page = open_page("datasets")
    page.get_by_role("button", name="ld-mnist1d-32").click()
    expect(page.locator("#dataset dd").first).to_contain_text("mnist1d, inputs of shape 40")
    expect(page.locator("#release")).to_have_value("ld-mnist1d-32")


def test_an_empty_leaderboard_says_so(open_page):
    page = open_page("leaderboard")
    choose(page, "ld-mnist1d-32")
    expect(page.get_by_text("No model has been submitted yet.")).to_be_visible()
    expect(page.locator("#scores .reference").first).to_be_visible()


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
