"""The tutorials that train or serve, in this process and with less to fit; the site runs the other one as it is."""

import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from eval.leaderboard.store import Store
from tests.support.command_lines import PROGRAMS, explain_invalid, run
from tests.support.manual import DOCS
from tests.support.paths import CHECKPOINTS
from tests.support.servers import serve
from vae.recipes import RECIPES

pytestmark = [pytest.mark.slow, pytest.mark.untraced]
LESS = {  # of what the texts have
    "first_regression": {'if find_spec("keras"': 'data = ld_data.load(data.name, rows=30_000)\nif find_spec("keras"'},
    "learning_rule": {
        "128": "16",
        "=10)": "=2)",
        '"3000"': '"500"',
        '"1000"': '"200"',
        '"2000"': '"500"',
        "10_000": "500",
    },
}


@pytest.fixture
def run_tutorial(tmp_path, monkeypatch, capsys):
    """A function that runs a tutorial in an empty folder; the names that it leaves, and what it prints.

    Its commands run in this process, and its service in a thread.
    """
    run_process, start_process = subprocess.run, subprocess.Popen

    def run_here(command, **options):
        if command[0] != sys.executable:  # Python asks the system about itself
            return run_process(command, **options)
        printed = capsys.readouterr().out
        assert run(import_module(PROGRAMS[command[2]]).main, *command[3:]) == 0
        done = capsys.readouterr().out
        print(printed, end="")
        return subprocess.CompletedProcess(command, 0, done)

    def start_here(command, **options):
        if command[:3] != [sys.executable, "-m", "api"]:
            return start_process(command, **options)
        assert not explain_invalid(command[2:])
        given = dict(zip(command[3::2], command[4::2], strict=True))
        catalogue = services.enter_context(Catalogue())
        catalogue.add_all(CHECKPOINTS, vae.load)
        services.enter_context(serve(make_app(catalogue, Store(given["--scores"])), port=int(given["--port"])))
        return SimpleNamespace(terminate=services.close, wait=int)

    def run_tutorial(name):
        text = (DOCS / "tutorials" / f"{name}.py").read_text("utf-8")
        for much, little in LESS.get(name, {}).items():
            assert much in text
            text = text.replace(much, little)
        names = {}
        exec(compile(text, name, "exec"), names)  # noqa: S102
        return names, capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(subprocess, "run", run_here)
    monkeypatch.setattr(subprocess, "Popen", start_here)
    monkeypatch.setattr("eval.commands.rules.count_cores", lambda: 1)
    mpl.use("agg")
    with ExitStack() as services:
        yield run_tutorial
    sys.modules.pop("my_rule", None)


def test_models_of_all_libraries_are_fitted_and_scored(run_tutorial):
    names, printed = run_tutorial("first_regression")
    assert "level with linear" in printed
    skills = dict(re.findall(r"^(Keras|PyTorch|JAX) +(0\.\d+)$", printed, re.MULTILINE))
    assert {"Keras", "JAX"} <= set(skills)
    assert min(map(float, skills.values())) > 0, skills
    right = names["classes"] == names["data"].test.label
    assert right.mean() > 0.5


def test_a_codec_is_used_here_and_over_http(run_tutorial):
    names, printed = run_tutorial("encode_and_serve")
    assert "(8, 28, 28) (8, 32) (8, 32)" in printed
    assert printed.count("[7") == 2  # y decodes to the classes that it encodes, here and there
    assert np.array_equal(names["served"], names["images"])
    assert "ld-mnist-32" in printed
    assert "{'error': 'vectors must " in printed
    assert names["sheet"].content.startswith(b"\x89PNG")


def test_an_own_rule_is_reported_and_submitted(run_tutorial, tmp_path, monkeypatch):
    monkeypatch.setattr("eval.baselines.registry.LEARNING_RATES", (3e-3, 1e-2))
    monkeypatch.setattr("eval.baselines.registry.FURTHER_RATES", 0)
    monkeypatch.setattr("eval.report.output.publishing.FORMS", ("png",))
    names, printed = run_tutorial("learning_rule")
    assert {"report.json", "alignment.png"} <= {path.name for path in (tmp_path / "report").iterdir()}
    assert "identity" in printed  # a rung
    assert names["score"].entry["rank"] == 1
    assert f"receipt {names['receipt']} is line 1 of 1" in printed


@pytest.mark.usefixtures("small_models")
def test_own_images_become_a_release(run_tutorial, monkeypatch, tmp_path):
    recipe = RECIPES["images"]
    monkeypatch.setitem(RECIPES, "images", replace(recipe, x=replace(recipe.x, flow_couplings=1)))
    monkeypatch.setenv("LD_DATA_CHECKPOINTS", "of the tutorial")  # restores it after the test
    names, printed = run_tutorial("own_images")
    assert len(names["data"].test) == 297
    assert "['ld-small-digits-16']" in printed
    assert (tmp_path / "hub" / "ld-small-digits-16").is_dir()
