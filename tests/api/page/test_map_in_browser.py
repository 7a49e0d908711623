"""The map, the components and the health report in a real browser, with the shipped releases."""

import pytest
from playwright.sync_api import expect

import ld_data
from tests.api.page.actions import MARKS, PHONE, RELEASES, choose, see, see_change, wait
from tests.test_shipped_releases import CHECKPOINTS

pytestmark = MARKS


def test_a_row_of_the_map_is_shown_and_opened(open_page):
    page = open_page("map")
    expect(page.locator("#map-caption")).to_contain_text("row 0,")
    before = see(page, "#map-picture")
    page.locator("#scatter").hover(position={"x": 300, "y": 300})
    expect(page.locator("#map-caption")).not_to_contain_text("row 0,")
    wait(page)
    assert see(page, "#map-picture") != before
    page.locator("#map-row").fill("12")
    page.locator("#map-row").press("Enter")
    expect(page.locator("#map-caption")).to_contain_text("row 12,")
    page.get_by_role("button", name="Open in the explorer").click()
    expect(page.locator("#original-caption")).to_contain_text("test row 12,")


def test_the_map_shows_what_a_model_makes_of_the_rows(open_page):
    page = open_page("map?row=3")
    expect(page.locator("#map-caption")).to_contain_text("row 3,")
    by_x = see(page, "#scatter")
    page.get_by_label("the y that mlp predicts").check()
    see_change(page, "#scatter", by_x)
    expect(page.locator("#map-about")).to_contain_text("Each class has a corner.")
    choose(page, "ld-mnist1d-32")
    expect(page.locator("#views")).to_be_hidden()
    expect(page.locator("#map-about")).to_contain_text("Test rows by their x")


@pytest.mark.parametrize("release", RELEASES)
def test_components_and_health_are_shown(release, open_page):
    page = open_page("map")
    choose(page, release)
    test = ld_data.load(CHECKPOINTS / release).test
    all_components = see(page, "#histogram")
    page.get_by_label("component").select_option("7")
    words = f"{len(test)} test rows. x: mean {test.x[:, 7].mean():.3f}, std {test.x[:, 7].std():.3f};"
    expect(page.locator("#histogram-figures")).to_contain_text(words)
    assert see(page, "#histogram") != all_components
    health = ld_data.load(CHECKPOINTS / release).manifest.health
    measures = sum(map(len, health.values()))
    expect(page.locator("#health tbody tr")).to_have_count(measures + len(health))
    missed = sum(bool(measure.get("missed")) for group in health.values() for measure in group.values())
    expect(page.locator("#health .missed")).to_have_count(missed)
    goals = sum("goal" in measure for group in health.values() for measure in group.values())
    words = f"{goals - missed} of {goals} goals met, {missed} missed as allowed."
    expect(page.locator("#health-verdict strong")).to_have_text(words)
    expect(page.locator("#health")).to_be_hidden()
    page.locator("#health-details summary").click()
    expect(page.locator("#health tr", has_text="c2st mlp").first).to_contain_text("0.5 is chance")


def test_a_release_without_a_map_shows_the_rest(open_page):
    page = open_page()
    page.route("**/map", lambda route: route.fulfill(status=404, json={"error": "it has no map."}))
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_role("alert")).to_have_text("The service answered 404: it has no map.")
    expect(page.locator("#histogram-figures")).to_contain_text("10000 test rows.")
    expect(page.locator("#scatter")).to_be_hidden()
    page.unroute("**/map")
    page.get_by_role("link", name="Explorer").click()
    expect(page.locator("#message")).to_be_hidden()
    page.get_by_role("link", name="Map").click()
    expect(page.locator("#scatter")).to_be_visible()
    wait(page)
    page.complaints.clear()


def test_a_touch_chooses_a_row_and_stays_on_the_map(open_page):
    page = open_page("map", PHONE, has_touch=True, is_mobile=True)
    box = page.locator("#scatter").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#map-caption")).not_to_contain_text("row 0,")
    expect(page.get_by_role("heading", name="Map")).to_be_visible()
