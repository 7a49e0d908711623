import re

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.routes.page import FOLDER
from eval.leaderboard.store import Store

MOST_BYTES = 300_000
HTML = (FOLDER / "index.html").read_text("utf-8")
SCRIPTS = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.js")}


@pytest.fixture
def client(catalogue, tmp_path):
    with TestClient(make_app(catalogue, Store(str(tmp_path / "scores.sqlite")))) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/static/style.css", "/static/vendor/chart.umd.min.js"])
def test_the_page_allows_nothing_from_other_hosts(path, client):
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_only_files_of_the_page_are_served(client):
    for path in ("/static/none.js", "/static/../page.py", "/static/%2e%2e/page.py", "/static/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["error_type"] == "unknown_name"


def test_files_of_the_page_are_read_only(client):
    answer = client.post("/static/main.js")
    assert answer.status_code == 405
    assert answer.json()["error"].startswith("POST /static/main.js: Method Not Allowed. ")


def test_head_answers_the_length_of_the_page(client):
    assert client.head("/").headers["content-length"] == str(len(HTML.encode()))


def test_the_page_is_light(client):
    files = [
        "",
        *(f"static/{path.relative_to(FOLDER)}" for path in FOLDER.rglob("*") if path.suffix in (".js", ".css")),
    ]
    assert sum(len(client.get(f"/{file}").content) for file in files) < MOST_BYTES


def test_the_page_has_no_inline_script_or_style():
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", HTML)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", HTML)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_html_from_text_or_requests_another_host(name):
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", SCRIPTS[name])
    assert not re.search(r"(?:fetch|import)\(?\s*[\"']https?:", SCRIPTS[name])


def test_every_element_that_a_script_finds_exists():
    ids = set(re.findall(r'\bid="([^"]+)"', HTML))
    sought = {name for script in SCRIPTS.values() for name in re.findall(r'\b(?:find|onPress)\("([^"]+)"', script)}
    assert sought <= ids


def test_the_chart_library_has_its_licence():
    assert "Permission is hereby granted" in (FOLDER / "vendor" / "chart.js-LICENSE.md").read_text("utf-8")
