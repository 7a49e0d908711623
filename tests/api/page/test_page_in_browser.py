"""The page in a real browser: failures, late answers, and accessibility."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from tests.api.page.actions import DESKTOP, MARKS, PARTS, PHONE, see, see_change, wait

pytestmark = MARKS
SERIOUS = ("serious", "critical")


def test_the_message_of_a_refusal_is_shown_until_the_next_success(open_page):
    page = open_page()
    page.route("**/x/decode", lambda route: route.fulfill(status=429, json={"error": "too many rows wait. Try again."}))
    page.get_by_role("button", name="Zero").click()
    expect(page.get_by_role("alert")).to_have_text("The service answered 429: too many rows wait. Try again.")
    page.unroute("**/x/decode")
    page.get_by_role("button", name="Zero").click()
    expect(page.locator("#message")).to_be_hidden()
    (complaint,) = page.complaints  # the message of the browser
    assert "429" in complaint
    page.complaints.clear()


def test_a_service_that_is_gone_is_reported(open_page):
    page = open_page()
    page.route("**/v1/**", lambda route: route.abort())
    page.get_by_role("link", name="Leaderboard").click()
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer. Is it still running?")
    page.complaints.clear()


def delay(page, pattern, seconds):
    """Delay the answers to some requests."""

    def answer(route):
        page.wait_for_timeout(1000 * seconds)
        route.continue_()

    page.route(pattern, answer)


def test_a_late_answer_does_not_replace_a_later_one(open_page):
    page = open_page()
    delay(page, "**/rows/5", 0.2)
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
    assert page.locator("#sliders input").first.input_value() == "0"


def test_a_late_release_does_not_replace_a_later_one(open_page):
    page = open_page("leaderboard")
    delay(page, "**/ld-mnist-rot-back-32/scores*", 0.2)
    page.select_option("#release", "ld-mnist-rot-back-32")
    page.select_option("#release", "ld-mnist1d-32")
    wait(page)
    expect(page.locator("#submit-snippet")).to_contain_text("ld-mnist1d-32")


def test_missing_answers_are_requested_again(address, open_page):
    page = open_page()
    page.goto("about:blank")
    page.route("**/v1/**", lambda route: route.abort())
    page.goto(address)
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
    page.unroute("**/v1/**")
    page.get_by_role("link", name="Datasets").click()
    expect(page.locator("#releases")).to_contain_text("ld-mnist1d-32")
    wait(page)
    page.complaints.clear()


@pytest.mark.parametrize("name", ["nonsense", "toString"])
def test_an_unknown_part_is_the_first(name, open_page):
    expect(open_page(name).get_by_role("heading", name="A benchmark of learning rules")).to_be_visible()


def test_drawings_follow_the_window_and_the_scheme(open_page):
    page = open_page("generator", device_scale_factor=2)
    wide = see(page, "#signals")
    page.set_viewport_size({"width": 390, "height": 844})
    see_change(page, "#signals", wide)
    width = page.locator("#signals").bounding_box()["width"]
    expect(page.locator("#signals")).to_have_js_property("width", int(2 * width + 0.5))
    light = see(page, "#signals")
    page.emulate_media(color_scheme="dark")
    see_change(page, "#signals", light)


def find_barriers(page, scheme):
    """The serious violations of rules of accessibility.

    The dark scheme differs from the light one by its colours, and a phone, whose colours are those of the desktop, not.
    """
    options = {"resultTypes": ["violations"]}
    if scheme == "dark":
        options["runOnly"] = ["color-contrast"]
    elif page.viewport_size["width"] == PHONE[0]:
        options["rules"] = {"color-contrast": {"enabled": False}}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", options)
    rules = [rule for rule in found if rule["impact"] in SERIOUS]
    return [(rule["id"], [node["html"] for node in rule["nodes"][:3]]) for rule in rules]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop in both schemes", "phone"])
def test_every_part_is_accessible(size, open_page):
    page = open_page(size=size)
    page.get_by_text("Copy the vector").click()
    page.get_by_role("button", name="Interpolate").click()
    page.get_by_role("button", name="Draw a digit").click()
    for part in PARTS:
        link = page.locator(f"nav a[href^='#{part}']")
        link.click()
        wait(page)
        expect(link).to_have_attribute("aria-current", "page")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), part
        for scheme in ("light", "dark") if size == DESKTOP else ("light",):  # colours are the same in any size
            page.emulate_media(color_scheme=scheme)
            wait(page)
            assert find_barriers(page, scheme) == [], (part, scheme)


def test_the_keyboard_reaches_everything_in_order(address, open_page):
    page = open_page("")
    address += "/#explorer?row=0"  # the name of a part alone would be where the browser begins
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto("about:blank")
    page.goto(address)
    wait(page)
    sliders = [one.get_attribute("aria-label") for one in page.locator("#sliders input").all()]
    reached = []
    for _ in range(32):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.textContent"
            )
        )
    order = ["Explorer", "release", "example", "interpolate", "predictor", sliders[0], sliders[-1], "more"]
    assert [name for name in reached if name in order] == order


def test_the_interface_is_described_without_any_other_host(open_page, address):
    page = open_page()
    page.goto(f"{address}/docs")
    expect(page.get_by_text("GET /v1/datasets/{release}/map", exact=True)).to_be_visible()
    page.get_by_text("POST /v1/datasets/{release}/x/encode", exact=True).click()
    expect(page.get_by_text("A draw from the posterior, or its mean.").first).to_be_visible()
    expect(page.get_by_text("{ inputs: any[] }").first).to_be_visible()
    for width, height, scheme in ((*DESKTOP, "dark"), (*DESKTOP, "light"), (*PHONE, "light")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert find_barriers(page, scheme) == [], (width, scheme)
    page.goto(f"{address}/nope")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.complaints.clear()  # the browser reports the 404
