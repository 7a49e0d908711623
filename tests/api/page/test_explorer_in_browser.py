"""The explorer and the map in a real browser, with the shipped releases."""

import json
import re

import pytest
from playwright.sync_api import expect

import ld_data
from tests.api.page.actions import MARKS, RELEASES, choose, see, see_change, wait
from tests.test_shipped_releases import CHECKPOINTS

pytestmark = MARKS


def test_a_slider_changes_the_picture(open_page):
    page = open_page()
    for release in RELEASES:
        choose(page, release)
        before = see(page, "#decoded")
        expect(page.locator("#original-figure")).to_be_visible()
        slider = page.locator("#sliders input").first
        slider.focus()
        for _ in range(3):
            page.keyboard.press("PageUp")
        wait(page)
        assert see(page, "#decoded") != before, release
        expect(page.locator("#original-figure")).to_be_hidden()


def test_a_slider_of_y_changes_the_class(open_page):
    page = open_page()
    page.get_by_label("y, the class").check()
    shown, tries = set(), 0
    while len(shown) < 3:
        assert (tries := tries + 1) < 13
        page.get_by_role("button", name="Random from N(0, I)").click()
        wait(page)
        (chosen,) = [row for row in page.locator("#classes li").all_inner_texts() if row.endswith("1.00")]
        expect(page.locator("#verdict")).to_have_text(f"Your y decodes to {chosen[0]}.")
        shown.add(chosen)


def test_a_model_predicts_y_from_the_x_on_the_sliders(open_page):
    page = open_page()
    shares = page.locator("#classes li > :last-child")
    expect(page.locator("#verdict")).to_have_text("mlp reads this x as 7, which is right.")
    before = shares.all_inner_texts()
    assert sum(map(float, before)) == pytest.approx(1, abs=0.05)
    page.locator("#sliders input").first.focus()
    page.keyboard.press("End")
    wait(page)
    assert shares.all_inner_texts() != before
    expect(page.locator("#verdict")).to_have_text(re.compile(r"^mlp reads this x as \d\.$"))
    page.get_by_role("button", name="Next test row").click()
    page.get_by_label("y is predicted by").select_option("feedback-alignment")
    expect(page.locator("#verdict.missed")).to_contain_text("; the row's class is 2.")
    assert page.url.endswith("row=1&model=feedback-alignment")
    page.reload()
    expect(page.locator("#verdict.missed")).to_contain_text("feedback-alignment reads this x as")
    page.get_by_label("y is predicted by").select_option("the row itself")
    expect(page.locator("#verdict")).to_have_text("The row's y decodes to 2.")


def test_a_release_without_a_model_says_so_and_works(open_page):
    page = open_page("explorer?release=ld-mnist1d-32")
    expect(page.locator("#predictor-absent")).to_contain_text("python -m eval export-baselines ld-mnist1d-32 --out")
    expect(page.locator("#verdict")).to_contain_text("The row's y decodes to")


def test_components_stand_in_the_order_of_their_effect_beside_pictures(open_page):
    page = open_page()
    sliders, pictures = page.locator("#sliders input"), page.locator("#sliders canvas")
    expect(sliders).to_have_count(8)
    assert len({see(page, f"#sliders label:nth-child({place}) canvas") for place in range(1, 9)}) == 8
    order = [slider.get_attribute("aria-label") for slider in sliders.all()]
    assert order != sorted(order)
    assert sliders.first.bounding_box()["width"] > 150
    box = pictures.first.bounding_box()
    pictures.first.click(position={"x": box["width"] - 4, "y": 5})
    expect(sliders.first).to_have_value("2")
    page.get_by_role("button", name="All 32 components").click()
    expect(sliders).to_have_count(32)
    assert [slider.get_attribute("aria-label") for slider in sliders.all()][:8] == order


def test_a_row_and_a_vector_live_in_the_address(open_page):
    page = open_page("explorer?release=ld-mnist-32&row=5")
    caption = page.locator("#original-caption")
    expect(caption).to_contain_text("test row 5,")
    page.get_by_role("button", name="Next test row").click()
    expect(caption).to_contain_text("test row 6,")
    assert page.url.endswith("#explorer?release=ld-mnist-32&row=6")
    page.reload()
    expect(caption).to_contain_text("test row 6,")
    page.go_back()
    expect(caption).to_contain_text("test row 5,")
    wait(page)
    page.locator("#sliders input").first.focus()
    page.keyboard.press("Home")
    wait(page)
    assert "&x=" in page.url
    verdict = page.locator("#verdict").inner_text()
    page.reload()
    wait(page)
    expect(page.locator("#sliders input").first).to_have_value("-3.5")
    expect(page.locator("#verdict")).to_have_text(verdict)
    page.get_by_role("link", name="Map").click()
    wait(page)
    page.get_by_role("link", name="Explorer").click()
    wait(page)
    expect(page.locator("#sliders input").first).to_have_value("-3.5")
    page.get_by_label("y, the class").check()
    page.get_by_role("button", name="Zero").click()
    wait(page)
    assert f"&y={','.join(['0'] * 32)}" in page.url


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("explorer?x=1,2", "The address holds no x of 32 numbers"),
        ("explorer?release=none", "There is no release none here."),
        (
            "explorer?model=none",
            "ld-mnist-32 has no model none that predicts y. Choose one of: mlp, feedback-alignment, row.",
        ),
        ("explorer?row=99999", "The service answered 404: ld-mnist-32 has no test row 99999."),
    ],
)
def test_an_address_of_nothing_is_explained(place, words, open_page):
    page = open_page(place)
    expect(page.get_by_role("alert")).to_contain_text(words)
    page.complaints.clear()


def test_the_residual_follows_the_scheme(open_page):
    page = open_page()
    light = see(page, "#residual")
    page.emulate_media(color_scheme="dark")
    see_change(page, "#residual", light)
    corner = page.locator("#residual").evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, 1, 1).data]")
    assert max(corner[:3]) < 80  # no difference is as dark as the page


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


def test_a_vector_can_be_copied(address, open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Copy the vector").click()
    texts = {}
    for form in ("JSON", "curl", "Python"):
        page.get_by_role("button", name=f"Copy {form}").click()
        expect(page.locator("#copied")).to_have_text("copied")
        texts[form] = page.evaluate("navigator.clipboard.readText()")
        assert texts[form] == page.locator("#copy-text").input_value()
        assert len(re.findall(r"-?\d+\.\d+", texts[form].split("'{")[-1])) == 32
    assert len(set(texts.values())) == 3
    assert f"'{address}/v1/datasets/ld-mnist-32/x/decode'" in texts["curl"]
    compile(texts["Python"], "copied", "exec")


def test_a_drawn_digit_is_encoded(open_page):
    page = open_page()
    page.get_by_role("button", name="Draw a digit").click()
    before = page.locator("#sliders input").first.input_value()
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 230, steps=10)
    page.mouse.up()
    wait(page)
    expect(page.locator("#original-caption")).to_have_text("your drawing")
    assert page.locator("#sliders input").first.input_value() != before
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


def test_an_impossible_row_is_not_requested(open_page):
    page = open_page()
    for text in ("", "-3", "3.5", "10000"):
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
