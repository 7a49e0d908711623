import json
import shutil
import sys
from pathlib import Path

import pytest

from api.benchmark.load.samples import Sample
from api.benchmark.soak.soak import Soak
from api.benchmark.suite import Results
from api.commands import main
from tests.support.paths import CHECKPOINTS


@pytest.fixture
def folder(tmp_path):
    """A shipped release, alone in a folder."""
    return shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path / "checkpoints" / "ld-mnist1d-32")


@pytest.fixture
def asked(monkeypatch):
    """What the command asks of the benchmark, which measures nothing."""
    options = []

    def run(asked):
        options.append(asked)
        return Results({"download": Sample(2.0, 0.5, 0.6)}, {}, {"nginx": "not installed"})

    monkeypatch.setattr("api.benchmark.suite.run", run)
    return options


def test_the_whole_command_runs_quickly(folder, capsys):
    assert main(["benchmark", "--quick", "--only", "download", "--release", str(folder), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["samples"]["download"]["failures"] == 0
    assert printed["machine"]["numpy"]
    assert {"work", "wanted", "measured", "met"} == set(printed["goals"][0])


def test_it_prints_tables_or_else_json(folder, asked, capsys):
    assert main(["benchmark", "--release", str(folder)]) == 0
    assert "| data.npz | 2; 500, 600 |" in capsys.readouterr().out
    assert main(["benchmark", "--release", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["missing"] == {"nginx": "not installed"}


def test_it_fails_if_nothing_started(folder, monkeypatch, capsys):
    monkeypatch.setattr("api.benchmark.suite.run", lambda asked: Results(missing={"service": "it ended with 1"}))
    assert main(["benchmark", "--release", str(folder)]) == 1
    assert "nothing could be measured, as nothing started. service: it ended with 1" in capsys.readouterr().err


def test_options_reach_the_benchmark(folder, asked):
    words = ["--only", "alone", "start", "--turns", "2", "--seconds", "0.5", "--alternatives", sys.executable]
    assert main(["benchmark", "--release", str(folder), *words]) == 0
    (options,) = asked
    assert (options.sections, options.rounds, options.seconds) == (("alone", "start"), 2, 0.5)
    assert options.python == sys.executable


def test_a_section_that_there_is_not_is_refused(asked, capsys):
    assert main(["benchmark", "--only", "nothing"]) == 2
    assert 'Invalid value "nothing" for --only. Choose from: "alone", "requests"' in capsys.readouterr().err
    assert asked == []


def test_an_unknown_release_is_told(asked, checkpoints, capsys):
    assert main(["benchmark", "--release", "nope"]) == 1
    assert "nope" in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize(("surprises", "status"), [([], 0), (["a: answered 500, 2 times"], 1)])
def test_a_soak_fails_on_any_surprise(folder, surprises, status, monkeypatch, capsys):
    asked = []

    def soak(data, place, minutes, workers):
        asked.append((data.name, place, minutes, workers))
        return Soak(minutes, surprises=surprises)

    monkeypatch.setattr("api.benchmark.soak.soak.soak", soak)
    assert main(["soak", "--release", str(folder), "--minutes", "0.5", "--workers", "2"]) == status
    assert asked == [("ld-mnist1d-32", Path(folder), 0.5, 2)]
    printed = capsys.readouterr()
    assert all(surprise in printed.out and surprise in printed.err for surprise in surprises)
