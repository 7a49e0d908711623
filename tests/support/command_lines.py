"""The four programs: run in this process, and asked for their commands and options."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from cyclopts import App, CycloptsError

from ld_data.settings import checkpoints_folder
from tests.support.paths import ROOT

PROGRAMS = {"ld_data": "ld_data.__main__", "vae": "vae.__main__", "eval": "eval.__main__", "api": "api.commands"}
QUICK = ("build", "mnist1d", "--epochs", 1, "--flow-epochs", 1)


def run(main, *arguments):
    """The exit status of a program's `main`."""
    return main([str(argument) for argument in arguments])


def run_json(capsys, main, *arguments):
    """The JSON that a program prints."""
    assert run(main, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def run_process(*words, cwd=ROOT, **environment):
    """The finished process of `python -m PACKAGE ...`."""
    command = [sys.executable, "-m", *map(str, words)]
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


def place_judge(judge) -> Path:
    """The path of a copy of a judge's file, where the commands find it."""
    folder = checkpoints_folder() / "judges"
    folder.mkdir()
    return Path(shutil.copy(judge, folder))


def make_program(package) -> App:
    """The program of a package."""
    return import_module(PROGRAMS[package]).make_app()


def list_commands(program: App, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Yield the words and the parser of each command, those of groups as well: (("generate", "mnist1d"), App)."""
    for name in program:
        if not name.startswith("-"):
            yield (*words, name), program[name]
            yield from list_commands(program[name], (*words, name))


def list_options(command: App) -> set[str]:
    """The options of a command: {"--json", "--out"}."""
    arguments = command.assemble_argument_collection() if command.default_command else []
    return {name for argument in arguments for name in argument.names if name.startswith("--")}


def explain_invalid(words) -> str:
    """The reason why the words after `python -m`, or a script, are no valid command line; nothing if they are."""
    package, *arguments = words
    try:
        make_program(package).parse_args(arguments, print_error=False, exit_on_error=False)
    except CycloptsError as error:
        return str(error) or type(error).__name__
    return ""
