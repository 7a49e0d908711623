"""The site of the manual: it builds without a warning, runs a tutorial, and loads nothing from another host."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.messages.pages import MANUAL_SCRIPT
from api.releases.catalogue import Catalogue
from api.routes.page import MANUAL_FILES
from eval.leaderboard.store import Store
from eval.names import RULES
from tests.support.manual import DOCS
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.untraced]
TUTORIALS = sorted(path.stem for path in (DOCS / "tutorials").glob("*.py"))


class Links(HTMLParser):
    """The addresses that a page loads, those that it links to, and its anchors."""

    def __init__(self, html):
        super().__init__()
        self.loaded, self.linked, self.anchors = set(), set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors |= {attributes.get("id")}
        if tag == "a":
            self.linked |= {attributes.get("href")} - {None}
        else:
            self.loaded |= {attributes.get("src"), attributes.get("href")} - {None}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site; a tutorial that has not changed since the last build is not run again.

    tests/docs/test_tutorials.py runs those that train or serve.
    """
    place = tmp_path_factory.mktemp("site")
    tests = ["-t", "tests", "-D", "suppress_warnings=myst-nb.lexer"]  # of the tutorials that are not run
    options = ["-W", "--keep-going", "-q", *tests, "-d", place / "trees"]
    command = [sys.executable, "-m", "sphinx", *options, DOCS, place / "site"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place / "site"


@pytest.fixture(scope="module")
def pages(site):
    """The links of each page by its path."""
    return {path: Links(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_every_link_of_the_site_leads_somewhere(pages):
    broken = []
    for page, own in pages.items():
        for link in own.linked | own.loaded:
            path, anchor = urldefrag(link)
            if ":" in path:
                continue
            target = (page.parent / unquote(path).partition("?")[0]).resolve() if path else page
            if not target.exists() or (anchor and target in pages and unquote(anchor) not in pages[target].anchors):
                broken.append(f"{page.name}: {link}")
    assert not broken


def test_the_site_loads_nothing_from_another_host(site, pages):
    assert not {link for own in pages.values() for link in own.loaded if link.startswith(("http:", "https:", "//"))}
    assert not [path for path in site.rglob("*.css") if re.search(r"url\([\"']?(https?:)?//", path.read_text("utf-8"))]


def test_tutorials_are_offered_as_notebooks_without_outputs(site, pages):
    assert sorted(path.stem for path in (site / "tutorials").glob("*.ipynb")) == TUTORIALS
    for name in TUTORIALS:
        assert f"{name}.ipynb" in pages[site / "tutorials" / f"{name}.html"].linked
        cells = json.loads((site / "tutorials" / f"{name}.ipynb").read_text("utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells)
    assert re.search(r"x_train  worst_mean +0\.\d", (site / "tutorials" / "health_report.html").read_text("utf-8"))


def test_pages_of_rules_have_a_formula_and_code(site):
    for name in RULES:
        page = (site / "rules" / f"{name}.html").read_text("utf-8")
        assert "<math" in page
        assert 'class="highlight-python' in page


def test_the_reference_has_functions_commands_and_routes(site):
    assert 'id="ld_data.load"' in (site / "reference" / "python" / "ld_data.html").read_text("utf-8")
    assert "<code" in (site / "reference" / "programs.html").read_text("utf-8")
    assert "--limit-train" in (site / "reference" / "programs.html").read_text("utf-8")
    assert "/v1/datasets/{release}/x/decode" in (site / "reference" / "routes.html").read_text("utf-8")


def test_the_service_shows_the_site_under_a_policy_that_lets_its_script_run(site, pages, tmp_path, monkeypatch):
    monkeypatch.setattr(MANUAL_FILES, "directory", site)
    monkeypatch.setattr(MANUAL_FILES, "all_directories", [site])
    with Catalogue() as catalogue:
        client = TestClient(make_app(catalogue, Store(str(tmp_path / "scores.sqlite"))))
        answer = client.get("/manual")
    assert str(answer.url).endswith("/manual/")
    policy = answer.headers["content-security-policy"]
    assert MANUAL_SCRIPT in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    scripts = {text for path in pages for text in re.findall(r"<script>(.*?)</script>", path.read_text("utf-8"), re.S)}
    assert {hash_script(text) for text in scripts} == {MANUAL_SCRIPT}


def hash_script(text):
    """The source of an inline script in a policy."""
    from base64 import b64encode
    from hashlib import sha256

    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
