"""The README holds what it promises: its commands parse, its routes exist, its snippets run, nothing is left out."""

import argparse
import re
import shlex
import shutil
import subprocess
import tomllib

import datasets
import numpy as np
import pytest
from ld_data.cli.parser import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE, SHELLS

import api.commands as api_main
import eval.__main__ as eval_main
import ld_data
import ld_data.__main__ as data_main
import vae
import vae.__main__ as vae_main
from api.app import make_app
from api.releases.catalogue import Catalogue
from eval.baselines.registry import BASELINES
from eval.baselines.table import describe_rows, load_rows
from eval.classifiers.tables import TABLES
from eval.classifiers.trials import load_trials, trials_path
from eval.leaderboard import tokens
from eval.leaderboard.store import Store
from ld_data import settings as locations
from tests.support.paths import ROOT
from tests.support.servers import serve

README = (ROOT / "README.md").read_text("utf-8")
PARSERS = {
    "ld_data": data_main._make_parser(),
    "vae": vae_main._make_parser(),
    "eval": eval_main._make_parser(),
    "api": api_main._make_parser(),
}
COMMANDS = sorted(set(re.findall(r"^(?:\$ )?(python -m (?:ld_data|vae|eval|api)\b.*)$", README, re.MULTILINE)))
HOST = "127.0.0.1:8000"
SERVICE = f"http://{HOST}"
ROUTE = re.compile(r"`(GET|POST|HEAD|DELETE) (/\S*?)`")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def subcommands(parser):
    return {
        name for action in parser._actions if isinstance(action, argparse._SubParsersAction) for name in action.choices
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_the_readme_is_understood(command):
    words = shlex.split(command, comments=True)
    PARSERS[words[2]].parse_args(words[3:])


def test_every_command_that_exists_is_in_the_readme():
    for package, parser in PARSERS.items():
        for name in subcommands(parser):
            assert any(command.startswith(f"python -m {package} {name}") for command in COMMANDS), (package, name)
    assert any(command.startswith("python -m api") for command in COMMANDS)


def test_every_exit_status_is_in_the_readme():
    told = re.findall(r"^\| (\d+) \|", README[README.index("| exit status |") :].partition("\n\n")[0], re.MULTILINE)
    assert [int(status) for status in told] == [0, EXIT_FAILURE, EXIT_USAGE, EXIT_INTERRUPTED]


def test_every_completion_in_the_readme_is_for_an_installed_program():
    programs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    printed = re.findall(r"^(ld-[a-z]+) --print-completion ([a-z]+) ", README, re.MULTILINE)
    assert {shell for _, shell in printed} == set(SHELLS)
    assert {program for program, _ in printed} <= set(programs)
    assert all(f"`{program}`" in README for program in programs)


def test_every_route_in_the_readme_exists_and_every_route_is_in_it(tmp_path):
    paths = make_app(Catalogue(), Store(tmp_path / "scores.sqlite")).openapi()["paths"]
    exist = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    exist |= {("GET", "/docs"), ("GET", "/openapi.json")}
    assert set(ROUTE.findall(README)) == exist


def test_every_environment_variable_is_in_the_readme():
    places = vars(locations) | vars(tokens)
    used = {value for name, value in places.items() if name.endswith("_VARIABLE")}
    assert set(re.findall(r"LD_DATA_[A-Z_]+", README)) == used


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", README)) <= targets
    assert {"serve", "test"} <= set(re.findall(r"\bmake ([a-z]+)", README))


def test_every_path_in_the_readme_exists():
    for path in re.findall(r"\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / path).exists(), path


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The service with the shipped releases."""
    with Catalogue() as catalogue:
        catalogue.add_all(ROOT / "checkpoints", vae.load)
        board = Store(tmp_path_factory.mktemp("scores") / "scores.sqlite")
        with serve(make_app(catalogue, board)) as address:
            yield address


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # mlcroissant's own
def test_the_python_in_the_readme_runs(service, tmp_path, monkeypatch, capsys):
    """Block after block in one namespace, as in a notebook, against the shipped releases."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(locations.OFFLINE_VARIABLE, raising=False)
    namespace = {}
    for block in blocks("python"):
        code = block.replace(HOST, service.removeprefix("http://"))
        exec(compile(code, "README.md", "exec"), namespace)  # noqa: S102
    assert "skill" in capsys.readouterr().out


def test_the_curl_in_the_readme_works(service, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    lines = re.findall(r"^curl .*$", README.replace("\\\n", " "), re.MULTILINE)
    assert lines
    for line in lines:
        command = shlex.split(line.replace(SERVICE, service), comments=True)
        answer = subprocess.run([*command, "--fail", "-sS"], cwd=tmp_path, capture_output=True, check=True)
        assert answer.stdout or any(tmp_path.iterdir())
    with np.load(tmp_path / "data.npz", allow_pickle=False) as arrays:
        assert arrays["x_train"].shape == (60_000, 32)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "checkpoints" / "baselines").glob("*.json")), ids=lambda path: path.stem
)
def test_the_tables_of_baselines_in_the_readme_are_those_that_are_kept(path):
    rows = load_rows(path)
    assert rows[0].summary.data_sha256 == ld_data.load(path.stem).test_sha256
    assert {row.name for row in rows} == set(BASELINES)
    assert describe_rows(rows) in README


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_classifiers_in_the_readme_are_those_that_are_kept(name):
    assert TABLES[name].describe(load_trials(trials_path())) in README
    assert f"python -m eval reproduce {name}" in README
