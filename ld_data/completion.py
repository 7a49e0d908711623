"""Scripts by which a shell completes a command line: `--print-completion`, written by shtab."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ld_data.extras import name_missing

with name_missing():
    import shtab

FOLDERS = ("DIR", "RELEASE")  # metavars whose values may be folders
FILES = ("PLACE",)  # likewise files; other paths are known by their type


def make_completion(parser: argparse.ArgumentParser, program: str, shell: str) -> str:
    """Return the script for a shell (bash, zsh or tcsh) that completes the words after `program`."""
    parser.prog = program
    for action in _list_actions(parser):
        if (files := _choose_files(action)) is not None:
            vars(action)["complete"] = files  # where shtab looks
    return str(shtab.complete(parser, shell))


def _list_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _list_actions(subparser)
        else:
            yield action


def _choose_files(action: argparse.Action) -> Any:
    """Return what shtab takes for files or folders, if the values of an argument are such, or else None."""
    if action.metavar in FOLDERS:
        return shtab.DIRECTORY
    if action.type is Path or action.metavar in FILES:
        return shtab.FILE
    return None
