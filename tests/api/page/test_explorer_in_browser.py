"""The explorer and the map in a real browser, with the shipped releases."""

import json
import re

import pytest
from playwright.sync_api import expect

import ld_data
from tests.api.page.actions import MARKS, PHONE, RELEASES, choose, see, wait
from tests.test_shipped_releases import CHECKPOINTS

pytestmark = MARKS


@pytest.mark.parametrize("release", RELEASES)
def test_a_slider_changes_the_picture(release, open_page):
    page = open_page()
    choose(page, release)
    before = see(page, "#decoded")
    expect(page.locator("#original-figure")).to_be_visible()
    slider = page.get_by_label("component 3 of x")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    wait(page)
    assert see(page, "#decoded") != before
    expect(page.locator("#original-figure")).to_be_hidden()


def test_a_slider_of_y_changes_the_class(open_page):
    page = open_page()
    page.get_by_label("y, the class").check()
    shown = set()
    for _ in range(12):
        page.get_by_role("button", name="Random from N(0, I)").click()
        wait(page)
        chosen = [row for row in page.locator("#classes li").all_inner_texts() if row.endswith("1.00")]
        assert len(chosen) == 1
        shown |= set(chosen)
    assert len(shown) > 2


def test_examples_are_those_of_the_release(open_page):
    page = open_page()
    data = ld_data.load(CHECKPOINTS / "ld-mnist-32")
    page.locator("#example-row").fill("5")
    page.locator("#example-row").press("Enter")
    wait(page)
    expect(page.locator("#original-caption")).to_have_text(f"test row 5, a {data.test.label[5]}")
    page.get_by_role("button", name="Next test row").click()
    wait(page)
    expect(page.locator("#original-caption")).to_have_text(f"test row 6, a {data.test.label[6]}")
    page.locator("#example-row").fill("9999")
    page.locator("#example-row").press("Enter")
    expect(page.locator("#example-note")).to_contain_text(f"no input of test row 9999, a {data.test.label[9999]}")
    expect(page.locator("#original-figure")).to_be_hidden()
    page.get_by_text("Copy the vector").click()
    shown = json.loads(page.locator("#copy-text").input_value())
    assert shown == pytest.approx(data.test.x[9999].tolist(), abs=1e-4)


@pytest.mark.parametrize("form", ["JSON", "curl", "Python"])
def test_a_vector_can_be_copied(form, address, open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Copy the vector").click()
    page.get_by_role("button", name=f"Copy {form}").click()
    expect(page.locator("#copied")).to_have_text("copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#copy-text").input_value()
    numbers = re.findall(r"-?\d+\.\d+", copied.split("'{")[-1])
    assert len(numbers) == 32
    if form == "curl":
        assert f"'{address}/v1/datasets/ld-mnist-32/x/decode'" in copied
    if form == "Python":
        compile(copied, "copied", "exec")


def test_a_drawn_digit_is_encoded(open_page):
    page = open_page()
    page.get_by_role("button", name="Draw a digit").click()
    before = page.get_by_label("component 0 of x").input_value()
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 230, steps=10)
    page.mouse.up()
    wait(page)
    expect(page.locator("#original-caption")).to_have_text("your drawing")
    assert page.get_by_label("component 0 of x").input_value() != before
    error = float(page.locator("#residual-error").inner_text())
    assert error < 0.01  # a line is a 1, which the decoder knows
    choose(page, "ld-mnist1d-32")
    expect(page.get_by_role("button", name="Draw a digit")).to_be_hidden()


def test_vectors_between_two_are_decoded(open_page):
    page = open_page()
    page.get_by_role("button", name="Interpolate").click()
    wait(page)
    steps = page.locator("#steps button")
    expect(steps).to_have_count(9)
    first = see(page, "#decoded")
    steps.last.click()
    wait(page)
    assert see(page, "#decoded") != first
    assert page.locator("#between").input_value() == "1"


def test_colours_are_drawn(open_page):
    page = open_page()
    shown = page.evaluate("""async () => {
        const { drawInput, drawResidual } = await import("./static/pictures.js");
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d", { willReadFrequently: true });
        const read = () => [...context.getImageData(0, 0, 2, 1).data];
        drawInput(canvas, [[[1, 0.2, 0], [0, 0, 2]]]);
        const input = read();
        drawResidual(canvas, [[[1, 0.2, 0], [0, 0, 1]]], [[[0, 0.2, 1], [0, 0, 1]]]);
        return [input, read(), canvas.className];
    }""")
    assert shown[0] == [255, 51, 0, 255, 0, 0, 255, 255]
    assert shown[1] == [255, 128, 0, 255, 128, 128, 128, 255]
    assert shown[2] == "in-colour"


def test_fast_presses_count_on_the_rows(open_page):
    page = open_page()
    for _ in range(4):
        page.get_by_role("button", name="Next test row").click()
    wait(page)
    expect(page.locator("#original-caption")).to_contain_text("test row 4,")


@pytest.mark.parametrize("text", ["", "-3", "3.5", "10000"])
def test_an_impossible_row_is_not_requested(text, open_page):
    page = open_page()
    page.locator("#example-row").fill(text)
    page.locator("#example-row").press("Enter")
    wait(page)
    expect(page.locator("#original-caption")).to_contain_text("test row 0,")
    expect(page.locator("#message")).to_be_hidden()


def test_a_dot_is_a_drawing_but_a_stroke_from_outside_is_not(open_page):
    page = open_page()
    page.get_by_role("button", name="Draw a digit").click()
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] - 5, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.up()
    wait(page)
    expect(page.locator("#original-caption")).to_contain_text("test row 0,")
    page.mouse.click(box["x"] + 100, box["y"] + 100)
    expect(page.locator("#original-caption")).to_have_text("your drawing")


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
