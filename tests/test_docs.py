"""The manual is complete and true: README.md and docs/ name each command, route, setting and public function."""

import importlib
import re
import shlex
import shutil
import subprocess
import tomllib
from dataclasses import fields

import numpy as np
import pytest
import yaml
from cyclopts import App

import ld_data
import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from api.settings import Limits
from eval.classifiers.tables import CLASSIFIERS
from eval.leaderboard import tokens
from eval.leaderboard.store import Store
from eval.names import BASELINES, RULES, STUDIES
from ld_data import settings
from ld_data.cli.program import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE, SHELLS
from ld_data.storage.hashing import hash_file
from tests.support.command_lines import PROGRAMS, explain_invalid, list_commands, list_options, make_program
from tests.support.manual import BADGES, DOCS, KEPT, PAGES, find_kept, find_sources, make_table, read_source
from tests.support.paths import ROOT
from tests.support.servers import serve

TEXTS = {name: path.read_text("utf-8") for name, path in PAGES.items()}
MANUAL = "\n".join(TEXTS.values())
COMMANDS = sorted(set(re.findall(r"^(python -m (?:ld_data|vae|eval|api)\b.*)$", MANUAL, re.MULTILINE)))
EVERYWHERE = {"--help", "--json", "--version"}
PUBLIC = (
    "ld_data",
    "ld_data.mnist1d",
    "ld_data.variations",
    "ld_data.export",
    "vae",
    "eval",
    "eval.leaderboard",
    "api.client",
)
HOST = "127.0.0.1:8000"
ROUTE = re.compile(r"`(GET|POST|HEAD|DELETE) (/\S*?)`")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)
README_LINES = 200


def list_documented_options(command: App) -> set[str]:
    """Return the options of a command, without their negations and those that all commands have."""
    negations = {name for argument in command.assemble_argument_collection() for name in argument.negatives}
    return list_options(command) - negations - EVERYWHERE


def slug(heading: str) -> str:
    """Return the anchor that GitHub and MyST make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_the_readme_is_one_page():
    assert len(TEXTS["README.md"].splitlines()) <= README_LINES


def test_the_contents_page_names_every_page():
    pages = {path.name for path in DOCS.glob("*.md")} - {"index.md"}
    pages |= {f"tutorials/{path.name}" for path in (DOCS / "tutorials").glob("*.py")}
    rows = re.findall(r"^\| \[[^]]+\]\(([\w/]+\.\w+)\)", TEXTS["docs/index.md"], re.MULTILINE)
    assert sorted(rows) == sorted(pages)  # each once: the site has its sections from these tables


def test_every_rule_has_a_page():
    linked = set(re.findall(r"\]\(rules/([\w-]+)\.md\)", TEXTS["docs/rules.md"]))
    assert linked == set(RULES) == {path.stem for path in (DOCS / "rules").glob("*.md")}


@pytest.mark.untraced
def test_every_command_in_the_manual_is_understood():
    assert COMMANDS
    reasons = {command: explain_invalid(shlex.split(command, comments=True)[2:]) for command in COMMANDS}
    assert not {command: reason for command, reason in reasons.items() if reason}


@pytest.mark.untraced
def test_every_command_and_option_is_in_the_manual():
    differences = []
    for package in PROGRAMS:
        program = make_program(package)
        for words, command in [((), program), *list_commands(program)]:
            name = " ".join((package, *words))
            if command.default_command is None or name.endswith("-like"):  # they share the options of mnist-rot-like
                continue
            row = re.search(rf"^\| `{name}`.*$", TEXTS["docs/commands.md"], re.MULTILINE)
            named = set(re.findall(r"`(--[\w-]+)`", row[0])) if row else set()
            if row is None or named != list_documented_options(command):
                differences.append((name, named ^ list_documented_options(command)))
            if not any(line.startswith(f"python -m {name}") for line in COMMANDS):
                differences.append((name, "no example"))
    assert not differences


def test_every_exit_status_is_in_the_manual():
    page = TEXTS["docs/commands.md"]
    listed = re.findall(r"^\| (\d+) \|", page[page.index("| exit status |") :].partition("\n\n")[0], re.MULTILINE)
    assert [int(status) for status in listed] == [0, EXIT_FAILURE, EXIT_USAGE, EXIT_INTERRUPTED]


def test_every_completion_in_the_manual_is_for_an_installed_program():
    programs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    printed = re.findall(r"^(ld-[a-z]+) --print-completion ([a-z]+) ", MANUAL, re.MULTILINE)
    assert {shell for _, shell in printed} == set(SHELLS)
    assert {program for program, _ in printed} <= set(programs)
    assert all(f"`{program}`" in MANUAL for program in programs)


def test_the_manual_has_the_routes_that_exist(tmp_path):
    paths = make_app(Catalogue(), Store(tmp_path / "scores.sqlite")).openapi()["paths"]
    exist = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    exist |= {("GET", "/"), ("GET", "/manual"), ("GET", "/docs"), ("GET", "/openapi.json")}
    assert set(ROUTE.findall(TEXTS["docs/http.md"])) == exist
    assert set(ROUTE.findall(MANUAL)) == exist


def test_every_environment_variable_is_in_the_manual():
    used = {value for name, value in (vars(settings) | vars(tokens)).items() if name.endswith("_VARIABLE")}
    assert set(re.findall(r"^\| `(LD_DATA_[A-Z_]+)`", TEXTS["docs/install.md"], re.MULTILINE)) == used
    assert set(re.findall(r"LD_DATA_[A-Z_]+", MANUAL)) == used


def test_every_limit_of_the_service_is_in_the_manual():
    rows = re.findall(r"^\| `(max_\w+)` \| ([\d,.]+) \|", TEXTS["docs/operations.md"], re.MULTILINE)
    listed = {name: float(value.replace(",", "")) for name, value in rows}
    assert listed == {field.name: float(getattr(Limits(), field.name)) for field in fields(Limits)}


def test_every_public_name_is_in_the_manual():
    code = " ".join(CODE.findall(MANUAL))
    names = {name for module in PUBLIC for name in importlib.import_module(module).__all__} - {"__version__"}
    assert not {name for name in names if not re.search(rf"\b{name}\b", code)}


@pytest.mark.parametrize(("page", "names"), [("benchmark", BASELINES), ("classifiers", CLASSIFIERS)])
def test_every_model_has_a_row_in_the_manual(page, names):
    rows = "\n".join(re.findall(r"^\| (`.*?) \|", TEXTS[f"docs/{page}.md"], re.MULTILINE))
    assert not {name for name in names if f"`{name}`" not in rows}


def test_every_make_target_in_the_manual_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = MANUAL + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", pages, re.MULTILINE))
    assert {"serve", "test"} <= named <= targets
    assert targets - named == set()


def test_every_link_in_the_manual_leads_somewhere():
    pages = PAGES | {name: ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")}
    broken = []
    for name, page in pages.items():
        for path, _, anchor in re.findall(r"\]\((?!http)([^)#]*)(#?)([^)]*)\)", page.read_text("utf-8")):
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or not target.is_relative_to(ROOT):
                broken.append(f"{name}: {path}")
            elif anchor and anchor not in {
                slug(heading) for heading in re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            }:
                broken.append(f"{name}: {path}#{anchor}")
    assert not broken


def test_every_path_in_the_manual_exists():
    paths = set(re.findall(r"`((?:ld_data|vae|eval|api|tests|checkpoints)/[\w/.-]+)`", MANUAL))
    assert not {path for path in paths if not (ROOT / path).exists()}


def test_the_citation_is_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license"} <= set(citation)
    assert citation["version"] == ld_data.__version__


def test_the_change_log_has_this_version():
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert ld_data.__version__ in headings


@pytest.mark.slow  # the tables of classifiers import Keras, and the ladders fit a model for each rung
def test_the_kept_tables_in_the_manual_are_those_that_are_kept():
    from eval.classifiers.tables import TABLES

    releases = [path.stem for path in (ROOT / "checkpoints" / "baselines").glob("*.json")]
    for release in releases:
        assert {row.name for row in find_kept(release)} == set(BASELINES)  # of the present version
    shown = [(found["kind"], found["words"].split(), found["table"]) for found in KEPT.finditer(MANUAL)]
    wanted = {(kind, release) for release in releases for kind in ("baselines", "rules")}
    wanted |= {("classifiers", name) for name in TABLES}
    wanted |= {("study", name) for name in STUDIES}
    assert wanted < {(kind, words[0]) for kind, words, _ in shown}
    for kind, words, table in shown:
        assert table == f"{make_table(kind, words)}\n", "python -m tests.support.manual writes the tables anew"
    assert all(f"python -m eval reproduce {name}" in MANUAL for name in TABLES)
    assert all(f"python -m eval study {name}" in MANUAL for name in STUDIES)


def test_the_figures_of_kept_results_show_what_is_kept():
    for name, source in find_sources().items():
        assert f"]({name})" in MANUAL or f"](docs/{name})" in MANUAL
        assert read_source(name) == hash_file(source), "python -m tests.support.manual draws the figures anew"


def test_the_badges_are_true():
    from tests.support.front import write_badges  # late: matplotlib

    assert BADGES.read_text("utf-8") == write_badges(), "python -m tests.support.manual writes the badges anew"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The service with the shipped releases."""
    with Catalogue() as catalogue:
        catalogue.add_all(ROOT / "checkpoints", vae.load)
        board = Store(tmp_path_factory.mktemp("scores") / "scores.sqlite")
        with serve(make_app(catalogue, board)) as address:
            yield address


@pytest.mark.untraced
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # mlcroissant's own
@pytest.mark.parametrize("page", [name for name, text in TEXTS.items() if "\n\n```python" in text])
def test_the_python_of_a_page_runs_and_prints_the_output_below_it(page, service, tmp_path, monkeypatch, capsys):
    """Block after block in one namespace, as in a notebook, against the shipped releases."""
    import datasets

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv(settings.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(settings.OFFLINE_VARIABLE, raising=False)
    namespace = {}
    blocks = list(BLOCK.finditer(TEXTS[page]))
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] == "python":
            code = block[2].replace(HOST, service.removeprefix("http://"))
            exec(compile(code, page, "exec"), namespace)  # noqa: S102
            printed = capsys.readouterr().out
            if after is not None and not after[1] and TEXTS[page][block.end() : after.start()].isspace():
                assert printed == after[2]


@pytest.mark.slow
def test_the_curl_in_the_manual_works(service, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    lines = re.findall(r"^curl .*$", MANUAL.replace("\\\n", " "), re.MULTILINE)
    assert lines
    for line in sorted(
        lines, key=lambda line: "--data-binary" in line
    ):  # files come before the requests that send them
        command = shlex.split(line.replace(HOST, service.removeprefix("http://")), comments=True)
        answer = subprocess.run([*command, "--fail", "-sS"], cwd=tmp_path, capture_output=True, check=True)
        assert answer.stdout or any(tmp_path.iterdir())
    with np.load(tmp_path / "data.npz", allow_pickle=False) as arrays:
        assert arrays["x_train"].shape == (60_000, 32)
