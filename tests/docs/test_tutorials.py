"""The tutorial that builds a release, with small models in this process: its own take a minute and a half to train."""

import runpy
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import pytest

from tests.support.command_lines import PROGRAMS, run
from tests.support.manual import DOCS
from vae.recipes import RECIPES

pytestmark = [pytest.mark.slow, pytest.mark.untraced]


@pytest.mark.usefixtures("small_models")
def test_own_images_become_a_release(tmp_path, monkeypatch, capsys):
    run_process = subprocess.run

    def run_here(command, **options):
        if command[0] != sys.executable:  # Python asks the system about itself
            return run_process(command, **options)
        printed = capsys.readouterr().out
        assert run(sys.modules[PROGRAMS[command[2]]].main, *command[3:]) == 0
        done = capsys.readouterr().out
        print(printed, end="")
        return subprocess.CompletedProcess(command, 0, done)

    recipe = RECIPES["images"]
    monkeypatch.setitem(RECIPES, "images", replace(recipe, x=replace(recipe.x, flow_couplings=1)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", run_here)
    monkeypatch.setenv("LD_DATA_CHECKPOINTS", "of the tutorial")  # restores it after the test
    mpl.use("agg")
    names = runpy.run_path(str(DOCS / "tutorials" / "own_images.py"))
    assert len(names["data"].test) == 297
    printed = capsys.readouterr().out
    assert "['ld-small-digits-16']" in printed
    assert (tmp_path / "hub" / "ld-small-digits-16").is_dir()
