import json
import re
import shutil
import sys

import pytest

from api.benchmark.generator import Sample
from api.benchmark.soak import Soak
from api.benchmark.suite import Results
from api.commands import main
from tests.support.paths import CHECKPOINTS


@pytest.fixture
def folder(tmp_path):
    """A shipped release, alone in a folder."""
    return shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path / "checkpoints" / "ld-mnist1d-32")


@pytest.fixture
def asked(monkeypatch):
    """The options that reach the benchmark, which measures nothing."""
    options = []

    def run(*arguments):
        options.append(arguments)
        return Results({"data.npz": Sample(2.0, 0.5, 0.6)}, missing={"nginx": "not installed"})

    monkeypatch.setattr("api.benchmark.suite.run", run)
    monkeypatch.setattr("api.benchmark.table.describe_machine", lambda python: {"processor": "A", "cores": "2"})
    return options


@pytest.mark.slow
def test_the_whole_command_runs_quickly(folder, capsys):
    assert (
        main(
            ["benchmark", "--turns", "1", "--seconds", "0.05", "--only", "download", "--release", str(folder), "--json"]
        )
        == 0
    )
    printed = json.loads(capsys.readouterr().out)
    assert printed["samples"]["data.npz"]["failures"] == 0
    assert printed["machine"]["numpy"]


def test_it_prints_tables_or_else_json(folder, asked, capsys):
    assert main(["benchmark", "--release", str(folder)]) == 0
    assert re.search(r"\| data.npz +\| 2 +\| 500 +\| 600 +\|", capsys.readouterr().out)
    assert main(["benchmark", "--release", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["missing"] == {"nginx": "not installed"}


def test_it_fails_if_nothing_started(folder, monkeypatch, capsys):
    monkeypatch.setattr("api.benchmark.suite.run", lambda *asked: Results(missing={"service": "it ended with 1"}))
    monkeypatch.setattr("api.benchmark.table.describe_machine", lambda python: {"processor": "A", "cores": "2"})
    assert main(["benchmark", "--release", str(folder)]) == 1
    assert "nothing could be measured, as nothing started. service: it ended with 1" in capsys.readouterr().err


def test_options_reach_the_benchmark(folder, asked):
    words = ["--only", "others", "start", "--turns", "2", "--seconds", "0.5", "--alternatives", sys.executable]
    assert main(["benchmark", "--release", str(folder), *words]) == 0
    assert asked == [(folder, sys.executable, ("others", "start"), 2, 0.5)]


def test_an_unknown_section_is_refused(asked, capsys):
    assert main(["benchmark", "--only", "nothing"]) == 2
    assert 'Invalid value "nothing" for --only. Choose from: "requests", "workers"' in capsys.readouterr().err
    assert asked == []


def test_an_unknown_release_is_reported(asked, checkpoints, capsys):
    assert main(["benchmark", "--release", "nope"]) == 1
    assert "nope" in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize(("surprises", "status"), [([], 0), (["a: answered 500, 2 times"], 1)])
def test_a_soak_fails_on_any_surprise(folder, surprises, status, monkeypatch, capsys):
    asked = []

    def soak(place, minutes, workers):
        asked.append((place, minutes, workers))
        return Soak(minutes, surprises=surprises)

    monkeypatch.setattr("api.benchmark.soak.soak", soak)
    assert main(["soak", "--release", str(folder), "--minutes", "0.5", "--workers", "2"]) == status
    assert asked == [(folder, 0.5, 2)]
    printed = capsys.readouterr()
    assert all(surprise in printed.out and surprise in printed.err for surprise in surprises)
