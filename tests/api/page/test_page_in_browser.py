"""The page in a real browser, with the shipped releases."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

import ld_data
import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from eval import evaluate
from eval.leaderboard.store import Store
from tests.support.servers import serve
from tests.test_shipped_releases import CHECKPOINTS

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs a Chromium: `apt-get install chromium`")
PARTS = ("explorer", "map", "datasets", "leaderboard", "generator")
RELEASES = ("ld-mnist-32", "ld-mnist-rot-back-32", "ld-mnist1d-32")
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a service with a few scores."""
    with Catalogue() as catalogue:
        catalogue.add_all(CHECKPOINTS, vae.load)
        store = Store(str(tmp_path_factory.mktemp("page") / "scores.sqlite"))
        with serve(make_app(catalogue, store)) as address:
            submit(address)
            yield address


def submit(address):
    """Submit three models of one release, the best of them second."""
    data = ld_data.load(CHECKPOINTS / "ld-mnist-32")
    fitted = np.linalg.lstsq(data.train.x, data.train.y, rcond=None)[0]
    for share, name in ((0.3, "Weak"), (1.0, "<b>best</b>"), (0.6, "middling")):
        evaluate((share * data.test.x @ fitted).astype(np.float32), data, submit_to=address, name=name)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """What opens a part of the page; at the end nothing may have been complained of or asked of another host."""
    complaints, contexts = [], []

    def open_page(part="explorer", size=DESKTOP, scheme="light", **options):
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = complaints
        page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith((address, "blob:")) else complaints.append(request.url),
        )
        page.goto(f"{address}/#{part}" if part else address)
        wait(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def wait(page):
    """Wait until the page is not working on anything."""
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")


def see(page, canvas):
    """What a canvas shows."""
    return page.locator(canvas).evaluate("canvas => canvas.toDataURL()")


def see_change(page, canvas, before):
    """Wait until a canvas shows something else."""
    for _ in range(50):
        if see(page, canvas) != before:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{canvas} shows what it did")


def choose(page, release):
    page.select_option("#release", release)
    wait(page)


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


@pytest.mark.parametrize("file", ["data.npz", "test_y.npy", "examples.npz"])
def test_what_is_downloaded_is_what_the_manifest_tells(file, open_page):
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
    exec(snippet, {})  # noqa: S102 - the last one, which needs numpy alone


def test_the_leaderboard_sorts(open_page):
    page = open_page("leaderboard")
    names, headings = page.locator("#scores tbody td:nth-child(2)"), page.locator("#scores th button")
    expect(names).to_have_text(["<b>best</b>", "middling", "Weak"])
    headings.filter(has_text="model").click()
    expect(names).to_have_text(["<b>best</b>", "middling", "Weak"])
    headings.filter(has_text="model").click()
    expect(names).to_have_text(["Weak", "middling", "<b>best</b>"])
    headings.filter(has_text="skill").click()
    expect(names).to_have_text(["<b>best</b>", "middling", "Weak"])
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("skill")
    places = page.locator(".scale span").evaluate_all("marks => marks.map(mark => parseFloat(mark.style.left))")
    assert places == sorted(places, reverse=True)
    assert 0 < places[-1] < places[0] < 100


def test_great_figures_are_short(open_page, address):
    data = ld_data.load(CHECKPOINTS / "ld-mnist-rot-back-32")
    evaluate(np.full(data.test.y.shape, 1e6), data, submit_to=address, name="hopeless")
    page = open_page("leaderboard")
    choose(page, "ld-mnist-rot-back-32")
    row = page.locator("#scores tbody tr").filter(has_text="hopeless")
    expect(row.locator("td:nth-child(3)")).to_have_text(re.compile(r"^-\d\.\de\+13$"))
    expect(row.locator("td:nth-child(4)")).to_have_text("1.0e+12")
    expect(row.locator("td:nth-child(6)")).to_have_text("1.0e+12")


def test_a_receipt_is_told(open_page):
    page = open_page("leaderboard")
    page.locator("#scores summary").first.click()
    expect(page.locator("#scores dd").first).to_have_text(re.compile("[0-9a-f]{64}"))


def test_an_empty_leaderboard_says_so(open_page):
    page = open_page("leaderboard")
    choose(page, "ld-mnist1d-32")
    expect(page.get_by_text("Nobody has submitted a model yet.")).to_be_visible()


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


def test_a_refusal_is_shown_in_the_service_s_words_and_goes_when_all_is_well(open_page):
    page = open_page()
    page.route("**/x/decode", lambda route: route.fulfill(status=429, json={"error": "too many rows wait. Try again."}))
    page.get_by_role("button", name="Zero").click()
    expect(page.get_by_role("alert")).to_have_text("The service answered 429: too many rows wait. Try again.")
    page.unroute("**/x/decode")
    page.get_by_role("button", name="Zero").click()
    expect(page.locator("#message")).to_be_hidden()
    (complaint,) = page.complaints  # the browser's own word on it
    assert "429" in complaint
    page.complaints.clear()


def test_a_service_that_is_gone_is_told(open_page):
    page = open_page()
    page.route("**/v1/**", lambda route: route.abort())
    page.get_by_role("link", name="Leaderboard").click()
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer. Is it still running?")
    page.complaints.clear()


def delay(page, pattern, seconds):
    """Let answers come late."""

    def answer(route):
        page.wait_for_timeout(1000 * seconds)
        route.continue_()

    page.route(pattern, answer)


def test_a_late_answer_does_not_take_the_place_of_a_later_one(open_page):
    page = open_page()
    delay(page, "**/rows/5", 0.5)
    for row in ("5", "7"):
        page.locator("#example-row").fill(row)
        page.locator("#example-row").press("Enter")
    wait(page)
    expect(page.locator("#original-caption")).to_contain_text("test row 7,")
    expect(page.locator("#example-row")).to_have_value("7")
    page.locator("#example-row").fill("5")
    page.locator("#example-row").press("Enter")
    page.get_by_role("button", name="Zero").click()
    wait(page)
    assert page.get_by_label("component 0 of x").input_value() == "0"


def test_a_late_release_does_not_take_the_place_of_a_later_one(open_page):
    page = open_page("leaderboard")
    delay(page, "**/ld-mnist-rot-back-32/scores*", 0.5)
    page.select_option("#release", "ld-mnist-rot-back-32")
    page.select_option("#release", "ld-mnist1d-32")
    wait(page)
    expect(page.locator("#submit-snippet")).to_contain_text("ld-mnist1d-32")


def test_rows_are_counted_on_however_fast_they_are_asked_for(open_page):
    page = open_page()
    for _ in range(4):
        page.get_by_role("button", name="Next test row").click()
    wait(page)
    expect(page.locator("#original-caption")).to_contain_text("test row 4,")


@pytest.mark.parametrize("text", ["", "-3", "3.5", "10000"])
def test_a_row_that_is_none_is_not_asked_for(text, open_page):
    page = open_page()
    page.locator("#example-row").fill(text)
    page.locator("#example-row").press("Enter")
    wait(page)
    expect(page.locator("#original-caption")).to_contain_text("test row 0,")
    expect(page.locator("#message")).to_be_hidden()


def test_what_is_missing_at_first_is_asked_for_again(address, open_page):
    page = open_page()
    page.goto("about:blank")
    page.route("**/v1/**", lambda route: route.abort())
    page.goto(address)
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
    page.get_by_role("button", name="Zero").click()
    page.unroute("**/v1/**")
    page.get_by_role("link", name="Datasets").click()
    expect(page.get_by_role("heading", name="ld-mnist1d-32")).to_be_visible()
    wait(page)
    page.complaints.clear()


@pytest.mark.parametrize("name", ["nonsense", "toString"])
def test_an_unknown_part_is_the_first(name, open_page):
    expect(open_page(name).get_by_role("heading", name="Explorer")).to_be_visible()


def test_what_is_drawn_follows_the_window_and_the_scheme(open_page):
    page = open_page("generator", device_scale_factor=2)
    wide = see(page, "#signals")
    page.set_viewport_size({"width": 390, "height": 844})
    see_change(page, "#signals", wide)
    width = page.locator("#signals").bounding_box()["width"]
    expect(page.locator("#signals")).to_have_js_property("width", int(2 * width + 0.5))
    light = see(page, "#signals")
    page.emulate_media(color_scheme="dark")
    see_change(page, "#signals", light)


def test_a_touch_chooses_a_row_of_the_map_and_does_not_leave_it(open_page):
    page = open_page("map", PHONE, has_touch=True, is_mobile=True)
    box = page.locator("#scatter").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#map-caption")).not_to_contain_text("row 0,")
    expect(page.get_by_role("heading", name="Map")).to_be_visible()


def test_a_dot_is_a_drawing_and_a_stroke_from_outside_is_none(open_page):
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("part", PARTS)
def test_everybody_can_use_the_page(part, size, scheme, open_page):
    page = open_page(part, size, scheme)
    if part == "explorer":
        page.get_by_text("Copy the vector").click()
        page.get_by_role("button", name="Interpolate").click()
        page.get_by_role("button", name="Draw a digit").click()
        wait(page)
    violations = [rule for rule in Axe().run(page).response["violations"] if rule["impact"] in ("serious", "critical")]
    assert [(rule["id"], [node["html"] for node in rule["nodes"][:3]]) for rule in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    expect(page.locator(f"nav a[href='#{part}']")).to_have_attribute("aria-current", "page")


def test_the_keyboard_reaches_everything_in_order(address, open_page):
    page = open_page("")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto("about:blank")
    page.goto(address)
    wait(page)
    reached = []
    for _ in range(48):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.textContent"
            )
        )
    order = ["Explorer", "release", "example", "interpolate", "random", "component 0 of x", "component 31 of x"]
    assert [name for name in reached if name in order] == order
