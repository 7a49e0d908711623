"""The front of the README: the picture of the idea, the badges, and the screenshot of the page.

`python -m tests.support.front` takes the screenshot anew, with Chromium; `tests.support.manual` draws the others.
"""

import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

import ld_data
import vae
from tests.support.paths import CHECKPOINTS, ROOT

INK, QUIET, BLUE, RED = "#1b1f24", "#57606a", "#0b5cad", "#9a2a1f"
ROW = 1  # of the test rows: a 2
CHAIN = ("input", "x, 32 numbers", "your learning rule", "y, 32 numbers", "class")
PIXELS = 1200, 720
BADGE = """<g transform="translate({left})"><rect width="{width}" height="20" rx="3" fill="#0b5cad"/>\
<rect width="{name_width}" height="20" rx="3" fill="#444c56"/><g fill="#fff" font-family="Verdana, sans-serif" \
font-size="11"><text x="6" y="14">{name}</text><text x="{text}" y="14">{value}</text></g></g>"""


def draw_idea(skills: Mapping[str, float]) -> Figure:
    """Return the way from an input to a class through a learning rule, above the scale with rules between its ends."""
    figure = Figure((10, 4.4))
    data, codec = ld_data.load("ld-mnist-32"), vae.load("ld-mnist-32")
    x, y = data.test.x[ROW], data.test.y[ROW]
    places = [figure.add_axes((0.03 + 0.2 * i, 0.66, 0.14, 0.26)) for i in range(len(CHAIN))]
    for i, (axes, title) in enumerate(zip(places, CHAIN, strict=True)):
        axes.axis("off")
        figure.text(0.1 + 0.2 * i, 0.58, title, ha="center", fontsize=12, color=RED if "rule" in title else INK)
    places[0].imshow(codec.x.decode(x[None])[0], cmap="gray_r")
    for axes, values in ((places[1], x), (places[3], y)):
        axes.imshow(values.reshape(4, 8), cmap="PuOr", vmin=-3, vmax=3)
    _write(places[2], "?", RED)
    _write(places[4], str(int(codec.y.decode(y[None]).argmax())), INK)
    for i in range(len(CHAIN) - 1):
        figure.text(0.2 + 0.2 * i, 0.79, "\N{RIGHTWARDS ARROW}", ha="center", va="center", fontsize=20, color=QUIET)
    _draw_scale(figure.add_axes((0.04, 0.06, 0.92, 0.42)), skills)
    return figure


def _write(axes: Axes, text: str, colour: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=44, color=colour)


def _draw_scale(axes: Axes, skills: Mapping[str, float]) -> None:
    """Draw the skills on a line from the null to the floor, their names slanted above it."""
    axes.plot((0, 1), (0, 0), color=INK, linewidth=2)
    last = -1.0
    for name, skill in sorted(skills.items(), key=lambda pair: pair[1]):
        shown = max(skill, last + 0.035)  # names that would overlap step aside
        last = shown
        axes.plot((skill, shown), (0, 0.28), color=QUIET, linewidth=0.6)
        axes.plot(skill, 0, "o", color=BLUE, markersize=6)
        axes.text(shown, 0.3, f"{name} {skill:.2f}", rotation=35, ha="left", va="bottom", fontsize=9, color=BLUE)
    for place, title, side in ((0, "0: answers the mean", "left"), (1, "1: knows the class", "right")):
        axes.plot((place, place), (-0.12, 0.12), color=INK, linewidth=2)
        axes.text(place, -0.22, title, ha=side, va="top", fontsize=11, color=INK)
    axes.text(0.5, -0.22, "skill on ld-mnist-32, mean of five seeds", ha="center", va="top", fontsize=9, color=QUIET)
    axes.set(xlim=(-0.01, 1.1), ylim=(-0.5, 2.2))
    axes.axis("off")


def write_badges() -> str:
    """Return the badges as SVG, from pyproject.toml: version, Python, licence, the tested share of lines."""
    facts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    versions = [one.rpartition(" ")[2] for one in facts["project"]["classifiers"] if "Python :: 3." in one]
    badges = {
        "version": ld_data.__version__,
        "Python": f"{versions[0]} to {versions[-1]}",
        "licence": facts["project"]["license"],
        "coverage": f"at least {facts['tool']['coverage']['report']['fail_under']} %",
    }
    parts, left = [], 0
    for name, value in badges.items():
        name_width, value_width = 7 * len(name) + 12, 7 * len(value) + 12
        width = name_width + value_width
        place = {"left": left, "width": width, "name_width": name_width, "text": name_width + 6}
        parts.append(BADGE.format(name=name, value=value, **place))
        left += width + 6
    words = ", ".join(f"{name} {value}" for name, value in badges.items())
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" width="{left - 6}" height="20" role="img"><title>{words}</title>'
    return "\n".join([frame, *parts, "</svg>\n"])


def take_screenshot(path: Path) -> None:
    """Write a picture of the page, as a service with the shipped releases shows it."""
    from playwright.sync_api import sync_playwright

    from api.app import make_app
    from api.releases.catalogue import Catalogue
    from eval.leaderboard.store import Store
    from tests.support.servers import serve

    with tempfile.TemporaryDirectory() as folder, Catalogue() as catalogue, sync_playwright() as playwright:
        catalogue.add_all(CHECKPOINTS, vae.load)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serve(make_app(catalogue, Store(f"{folder}/scores.sqlite"))) as address:
            page = browser.new_page(viewport=dict(zip(("width", "height"), PIXELS, strict=True)))
            page.goto(address, wait_until="networkidle")
            page.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    take_screenshot(ROOT / "docs" / "page.png")
