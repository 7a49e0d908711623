import builtins
import re
import shutil
import subprocess
import sys

import pytest

import api.commands as api_main
import eval.__main__ as eval_main
import ld_data.__main__ as data_main
import vae.__main__ as vae_main
from tests.support.parsers import list_parsers
from tests.support.paths import ROOT

MAINS = {"ld-data": data_main, "ld-vae": vae_main, "ld-eval": eval_main, "ld-api": api_main}


def make_script(capsys, program, shell):
    with pytest.raises(SystemExit) as ended:
        MAINS[program].main(["--print-completion", shell])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
@pytest.mark.parametrize("program", MAINS)
def test_a_script_is_for_the_program_and_names_its_commands(program, shell, capsys):
    script = make_script(capsys, program, shell)
    assert (
        f"complete {program}" in script
        or f"-F _shtab_{program.replace('-', '_')} {program}" in script
        or (f"#compdef {program}" in script)
    )
    assert "python -m" not in script
    own, *others = list_parsers(MAINS[program]._make_parser())
    for parser in others:
        assert parser.prog.removeprefix(f"{own.prog} ").split()[-1] in script
    if checker := shutil.which(shell):
        subprocess.run([checker, "-n"], input=script, text=True, check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("program", "words", "expected"),
    [
        ("ld-eval", ["sc"], ["score"]),
        ("ld-eval", ["score", "folder", "pre"], ["predictions.npy"]),
        ("ld-eval", ["score", "fol"], ["folder"]),
        ("ld-eval", ["score", "fa"], ["fake-4"]),
        ("ld-eval", ["score", "f"], ["fake-4", "folder"]),
        ("ld-eval", ["leaderboard", "f"], ["fake-4"]),
        ("ld-eval", ["ladder", "linear", "--release", "fa"], ["fake-4"]),
        ("ld-eval", ["ladder", "rid"], ["ridge"]),
        ("ld-eval", ["baselines", "fake-4", "--only", "mlp", "rid"], ["ridge"]),
        ("ld-eval", ["tune", "fake-4", "feed"], ["feedback-alignment"]),
        ("ld-eval", ["classify", "mnist1d-c"], ["mnist1d-cnn"]),
        ("ld-eval", ["classify", "mlp", "mnist1d-"], ["mnist1d-large"]),
        ("ld-eval", ["classify", "mlp", "fa"], ["fake-4"]),
        ("ld-data", ["plots", "mnist-rot-l"], ["mnist-rot-like"]),
        ("ld-data", ["plots", "fa"], ["fake-4"]),
        ("ld-eval", ["train-judge", "mnist1d", "--out", "pre"], ["predictions.npy"]),
        ("ld-eval", ["train-judge", "mnist1d-"], ["mnist1d-large"]),
        ("ld-data", ["generate", "mnist1d", "--mode", "f"], ["fast"]),
        ("ld-data", ["build", "--source-npz", "pre"], ["predictions.npy"]),
        ("ld-api", ["--checkpoints", ""], ["folder"]),
    ],
)
def test_bash_completes(program, words, expected, release, tmp_path, capsys):
    here = tmp_path / "here"
    (here / "folder").mkdir(parents=True)
    (here / "predictions.npy").write_text("")
    quoted = " ".join(f"'{word}'" for word in [program, *words])
    before = words[-2] if len(words) > 1 else program
    script = make_script(capsys, program, "bash") + (
        f"\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words)}\n"
        f"_shtab_{program.replace('-', '_')} {program} '{words[-1]}' '{before}'\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    command = ["bash", "-c", f"complete() {{ :; }}\ncompopt() {{ :; }}\n{script}"]
    completed = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout
    assert completed.split() == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_script_finds_the_releases_of_the_moment(checkpoints, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("LD_DATA_CHECKPOINTS")
    monkeypatch.setattr("ld_data.cli.completion.checkpoints_folder", lambda: tmp_path / "with a space")
    script = make_script(capsys, "ld-data", "bash")
    for name in ("new", ".new.previous", "none"):
        (tmp_path / "with a space" / name).mkdir(parents=True)
    (tmp_path / "with a space" / "new" / "manifest.json").write_text("{}")
    (tmp_path / "with a space" / ".new.previous" / "manifest.json").write_text("{}")
    (function,) = set(re.findall(r"^(_ld_data_\w+_names)\(\)", script, re.MULTILINE))
    command = ["bash", "-c", f"complete() {{ :; }}\n{script}\n{function} n"]
    completed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert completed.split() == ["new"]


def test_completion_imports_nothing_heavy():
    script = "import runpy, sys; sys.argv = ['eval', '--print-completion', 'bash']\ntry:\n    "
    script += (
        "runpy.run_module('eval', run_name='__main__', alter_sys=True)\nexcept SystemExit:\n    print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"keras", "tensorflow", "sklearn", "scipy"} & set(shown.splitlines()[-1].split())


def test_without_shtab_it_says_what_to_install(monkeypatch, capsys):
    found = builtins.__import__

    def hide(name, *arguments, **options):
        if name == "shtab":
            raise ModuleNotFoundError("No module named 'shtab'", name="shtab")
        return found(name, *arguments, **options)

    monkeypatch.delitem(__import__("sys").modules, "ld_data.cli.completion", raising=False)
    monkeypatch.setattr(builtins, "__import__", hide)
    assert data_main.main(["--print-completion", "bash"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert 'pip install ".[completion]"' in shown.err


def test_another_shell_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        data_main.main(["--print-completion", "cmd"])
    assert ended.value.code == 2
    assert "invalid choice: 'cmd'" in capsys.readouterr().err
