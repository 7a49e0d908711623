"""Shell completion: the scripts of all programs, and the names that they offer."""

import shutil
import subprocess
import sys
from importlib import import_module

import pytest

from ld_data.cli.program import SHELLS
from tests.support.command_lines import PROGRAMS, list_commands, make_program, run
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow


def make_script(package, shell, capsys):
    assert run(import_module(PROGRAMS[package]).main, "--print-completion", shell) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("package", PROGRAMS)
def test_a_script_is_for_the_program_and_names_its_commands(package, shell, capsys):
    script = make_script(package, shell, capsys)
    assert "ld-" + package.removeprefix("ld_") in script
    assert not [words for words, _ in list_commands(make_program(package)) if words[-1] not in script]
    if checker := shutil.which(shell):
        subprocess.run([checker, "-n"], input=script, text=True, check=True)


@pytest.fixture
def home(release, tmp_path, monkeypatch):
    """A folder with a folder and a file, and the programs on the path."""
    folder, programs = tmp_path / "home", tmp_path / "programs"
    (folder / "folder").mkdir(parents=True)
    (folder / "predictions.npy").write_text("")
    programs.mkdir()
    for package in PROGRAMS:
        program = programs / ("ld-" + package.removeprefix("ld_"))
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {package} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return folder


@pytest.mark.untraced
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(home, capsys):
    wrong = []
    scripts = {package: make_script(package, "bash", capsys) for package in PROGRAMS}
    for package, line, expected in (
        ("eval", "sc", ["score"]),
        ("eval", "score f", ["fake-4", "folder/"]),
        ("eval", "score folder pre", ["predictions.npy"]),
        ("eval", "leaderboard f", ["fake-4"]),
        ("eval", "ladder linear --release fa", ["fake-4"]),
        ("eval", "ladder rid", ["ridge"]),
        ("eval", "baselines fake-4 --only rid", ["ridge"]),
        ("eval", "tune fake-4 feed", ["feedback-alignment"]),
        ("eval", "classify mnist1d-c", ["mnist1d-cnn"]),
        ("eval", "classify mlp mnist1d-", ["mnist1d-60k"]),
        ("ld_data", "plots mnist-rot-l", ["mnist-rot-like"]),
        ("ld_data", "plots fa", ["fake-4"]),
        ("ld_data", "generate mnist1d --mode f", ["fast"]),
        ("ld_data", "build --source-npz pre", ["predictions.npy"]),
        ("ld_data", "verify --js", ["--json"]),
        ("api", "--log j", ["json"]),
    ):
        script = "ld-" + package.removeprefix("ld_")
        words = " ".join(f"'{word}'" for word in [script, *line.split()])
        setting = f"COMP_WORDS=({words}); COMP_CWORD={len(line.split())}"
        command = f'{scripts[package]}\n{setting}\n_{script.replace("-", "_")}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
        finished = subprocess.run(
            [shutil.which("bash"), "-c", command], cwd=home, capture_output=True, text=True, check=False
        )
        if sorted(finished.stdout.split()) != expected:
            wrong.append((line, finished.stdout, finished.stderr))
    assert not wrong
