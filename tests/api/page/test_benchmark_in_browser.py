"""The first part of the page in a real browser: learning rules between null and floor, and the ladder."""

import re
import time

import pytest
from playwright.sync_api import expect

from eval.names import RULES, STUDIES
from tests.api.page.actions import MARKS, PHONE, RELEASES, choose, wait

pytestmark = MARKS


def test_the_page_opens_with_the_rules_between_null_and_floor(address, open_page):
    page = open_page("")
    expect(page.get_by_role("heading", name="A benchmark of learning rules")).to_be_visible()
    rows = page.locator("#skills .skill-row:not(.head)")
    names = rows.locator(":scope > :first-child").all_inner_texts()
    assert set(RULES) < set(names)
    places = rows.locator(".dot").evaluate_all("dots => dots.map(dot => parseFloat(dot.style.left))")
    assert places == sorted(places, reverse=True)
    assert 0 < places[-1] < places[0] < 100
    expect(page.locator("#skills .head")).to_contain_text("0 null")
    began = time.perf_counter()
    page.goto(f"{address}/#benchmark?release=ld-mnist1d-32")
    expect(rows.first).to_be_visible()
    assert time.perf_counter() - began < 10  # for a busy machine; alone it takes 0.2 s


def test_a_name_opens_what_the_rule_needs_and_costs(open_page):
    page = open_page("")
    button = page.get_by_role("button", name="feedback-alignment")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    needs = page.locator(".needs:visible")
    expect(needs).to_contain_text("Needs: no forward weights travel back;")
    expect(needs).to_contain_text("82,464 parameters.")
    expect(needs).to_contain_text(re.compile(r"Ladder: \d+ of 11 abilities learned; lacks first: \w+"))
    page.keyboard.press("Enter")
    expect(needs).to_have_count(0)


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_the_ladder_shows_what_each_rule_lacks(size, open_page):
    steps = [
        {"task": "identity", "ability": "copy the input", "skill": 0.99, "word": "learned"},
        {"task": "teacher", "ability": "follow a smooth map", "skill": 0.7, "word": "partly"},
        {"task": "twist-4", "ability": "undo twists", "skill": 0.1, "word": "not"},
    ]

    def add(route):
        answer = route.fetch()
        listed = answer.json()
        for row in listed["baselines"]:
            row["ladder"] = {"rows": 5000, "steps": steps} if row["name"] == "hebbian" else None
        route.fulfill(response=answer, json=listed)

    page = open_page("explorer", size) if size else open_page("explorer")
    page.route("**/baselines", add)
    page.goto("about:blank")
    page.go_back()
    page.get_by_role("link", name="Benchmark").click()
    wait(page)
    row = page.locator(".skill-row", has_text="hebbian")
    expect(row.get_by_role("img", name="1 of 3 abilities learned")).to_be_visible()
    if not size:
        expect(row.get_by_text("follow a smooth map")).to_be_visible()
    expect(page.locator("#skills-caption")).to_contain_text("after 5,000 training rows")


def test_the_three_doors_keep_the_release(open_page):
    page = open_page("")
    choose(page, RELEASES[-1])
    for door, heading in (
        ("Take the data", "Datasets"),
        ("Play with it", "Explorer"),
        ("Score your rule", "Leaderboard"),
    ):
        page.get_by_role("link", name=door).click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.locator("#release")).to_have_value(RELEASES[-1])
        page.go_back()
    expect(page.get_by_role("heading", name="A benchmark of learning rules")).to_be_visible()


def test_a_release_without_kept_baselines_says_how_to_measure_them(open_page):
    page = open_page("explorer")
    page.route("**/ld-mnist1d-32/baselines", lambda route: route.fulfill(status=404, json={"error": "none"}))
    page.get_by_role("link", name="Benchmark").click()
    choose(page, "ld-mnist1d-32")
    expect(page.locator("#skills-absent")).to_contain_text("python -m eval rules ld-mnist1d-32")
    page.complaints.clear()  # the browser reports the 404


def test_studies_show_their_verdicts_without_the_picker(open_page):
    page = open_page("generator")
    expect(page.locator("#release")).to_be_hidden()
    page.get_by_role("link", name="Studies").click()
    expect(page.locator(".study")).to_have_count(len(STUDIES))
    study = page.locator(".study", has=page.get_by_text("learning-rate", exact=True))
    expect(study.get_by_role("heading")).to_have_text(re.compile(r"^Does gradient descent .*\?$"))
    expect(study.get_by_role("img", name=re.compile(r"^9 claims: \d hold"))).to_be_visible()
    study.get_by_text("The claims").click()
    expect(study.locator(".claims li").first).to_contain_text(re.compile("^(holds|fails|undecided): "))
    expect(page.locator("#release")).to_be_hidden()
    page.get_by_role("link", name="Map").click()
    expect(page.locator("#release")).to_be_visible()
    wait(page)


def test_without_scripts_the_figures_and_the_files_are_there(address, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("noscript table").first).to_contain_text("backpropagation")
    expect(page.get_by_role("link", name="data.npz").first).to_have_attribute("href", re.compile("files/data.npz$"))
    context.close()
