import shutil
import subprocess

import pytest

from ld_data.__main__ import main
from tests.support.command_lines import list_commands, make_program, run

SHELLS = ("bash", "zsh", "fish")
pytestmark = pytest.mark.slow


def make_script(package, shell, capsys):
    assert run(make_main(package), "--print-completion", shell) == 0
    return capsys.readouterr().out


def make_main(package):
    return {
        "ld_data": main,
        "vae": __import__("vae.__main__", fromlist=["main"]).main,
        "eval": __import__("eval.__main__", fromlist=["main"]).main,
        "api": __import__("api.commands", fromlist=["main"]).main,
    }[package]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("package", ["ld_data", "vae", "eval", "api"])
def test_a_script_is_for_the_program_and_names_its_commands(package, shell, capsys):
    script = make_script(package, shell, capsys)
    assert "ld-" + package.removeprefix("ld_") in script
    assert "python -m" not in script.replace("example", "")
    assert not [words for words, _ in list_commands(make_program(package)) if words[-1] not in script]
    if checker := shutil.which(shell):
        subprocess.run([checker, "-n"], input=script, text=True, check=True)
