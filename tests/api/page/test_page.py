import re

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.messages.pages import write_error_page
from api.routes.page import FOLDER, MANUAL_FILES
from eval import evaluate, summarise_seeds
from eval.kept.baselines import BaselineRow, save_rows, table_path
from eval.leaderboard.store import Store

MOST_BYTES = 350_000
HTML = (FOLDER / "index.html").read_text("utf-8")
INTERFACE = (FOLDER / "docs.html").read_text("utf-8")
SCRIPTS = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.js")}


@pytest.fixture
def client(catalogue, tmp_path):
    with TestClient(make_app(catalogue, Store(str(tmp_path / "scores.sqlite")))) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/static/docs.js", "/static/main.js", "/static/style.css", "/static/vendor/chart.umd.min.js"]
)
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
    assert client.head("/").headers["content-length"] == str(len(client.get("/").content))


def test_all_modules_are_loaded_at_once(client):
    links = re.findall(r'<link rel="modulepreload" href="static/([^"]+)">', client.get("/").text)
    assert set(links) == set(SCRIPTS) - {"docs.js"}


def test_figures_and_files_need_no_script(client, catalogue):
    found = catalogue.find("fake-4")
    oracle = found.data.class_mean[found.data.test.label]
    scores = [evaluate(oracle, found.data)]
    row = BaselineRow("oracle", (0,), summarise_seeds(scores), scores[0].null, scores[0].floor)
    etag = client.get("/").headers["etag"]
    save_rows([row], table_path("fake-4", found.checkpoints))
    answer = client.get("/")
    (plain,) = re.findall("<noscript>(.*)</noscript>", answer.text, re.DOTALL)
    assert "<td>oracle</td><td><meter" in plain
    files = re.findall(r'href="(v1/datasets/fake-4/files/[^"]+)"', plain)
    assert len(files) == len(found.files)
    assert client.get(f"/{files[0]}").status_code == 200
    assert answer.headers["etag"] != etag


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If-None-Match", '"other"', 200),
        ("If-None-Match", '"other", *', 200),
        ("If-None-Match", "*", 304),
        ("If-Match", '"other"', 412),
        ("If-Modified-Since", "{modified}", 304),
        ("Range", "bytes=0-3", 200),
        ("Range", "lines=0-3", 200),
    ],
)
def test_conditions_hold_for_files_of_the_page(client, header, value, status):
    modified = client.get("/static/main.js").headers["last-modified"]
    answer = client.get("/static/main.js", headers={header: value.format(modified=modified)})
    assert answer.status_code == status
    assert answer.headers.get("accept-ranges", "none") == "none"


def test_a_browser_gets_a_page_where_nothing_is(client):
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for path in ("/nope", "/v1/datasets/<b>", "/static/none.js"):
        answer = client.get(path, headers=browser)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["vary"] == "Accept"
        assert "<h2>Not found</h2>" in answer.text
        assert "<b>" not in answer.text
        for accept in ("application/json", "*/*", "text/html;q=0.5,application/json"):
            other = client.get(path, headers={"Accept": accept})
            assert (other.json()["error_type"], other.headers["vary"]) == ("unknown_name", "Accept")
    assert client.post("/nope", headers=browser).json()["error_type"] == "unknown_name"
    assert client.delete("/", headers=browser).json()["error_type"] == "method_not_allowed"


def test_the_page_is_light(client):
    files = [
        "",
        *(f"static/{path.relative_to(FOLDER)}" for path in FOLDER.rglob("*") if path.suffix in (".js", ".css")),
    ]
    assert sum(len(client.get(f"/{file}").content) for file in files) < MOST_BYTES


@pytest.mark.parametrize("html", [HTML, INTERFACE, write_error_page("Not found.", "")])
def test_the_page_has_no_inline_script_or_style(html):
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", html)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_html_from_text_or_requests_another_host(name):
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", SCRIPTS[name])
    assert not re.search(r"(?:fetch|import)\(?\s*[\"']https?:", SCRIPTS[name])


def test_every_element_that_a_script_finds_exists():
    ids = set(re.findall(r'\bid="([^"]+)"', HTML + INTERFACE))
    sought = {name for script in SCRIPTS.values() for name in re.findall(r'\b(?:find|onPress)\("([^"]+)"', script)}
    assert sought <= ids


def test_the_chart_library_has_its_licence():
    assert "Permission is hereby granted" in (FOLDER / "vendor" / "chart.js-LICENSE.md").read_text("utf-8")


def test_a_manual_that_is_not_built_says_how_to_build_it(client, tmp_path, monkeypatch):
    monkeypatch.setattr(MANUAL_FILES, "directory", tmp_path / "none")
    answer = client.get("/manual/index.html")
    assert answer.status_code == 404
    assert "`make docs`" in answer.json()["error"]
    assert "manual/" not in client.get("/").text


def test_the_manual_is_served(client, tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("<title>Manual</title>")
    monkeypatch.setattr(MANUAL_FILES, "directory", tmp_path)
    monkeypatch.setattr(MANUAL_FILES, "all_directories", [tmp_path])
    assert client.get("/manual").text == "<title>Manual</title>"
    assert '<a href="manual/">Manual</a>' in client.get("/").text
    assert "frame-ancestors 'none'" in client.get("/manual/").headers["content-security-policy"]
