"""Scripts by which a shell completes a command line: `--print-completion`, written by shtab."""

import argparse
import hashlib
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ld_data.extras import name_missing
from ld_data.release.folder import list_releases
from ld_data.release.manifest import MANIFEST_NAME
from ld_data.settings import CHECKPOINTS_VARIABLE, checkpoints_folder

with name_missing():
    import shtab

RELEASES = ("RELEASE", "INPUTS")  # metavars whose values may be releases, by their names or folders
FOLDERS = ("DIR", *RELEASES)
FILES = ("PLACE",)  # likewise files; other paths are known by their type

# Functions that offer words, the releases of the moment, and folders.
BASH = """{function}() {{
  local manifest folder={folder}
  compgen -W "{names}" -- "$1"
  compgen -W "$(for manifest in "$folder"/*/{manifest}; do
    [ -f "$manifest" ] && basename "$(dirname "$manifest")"
  done)" -- "$1"
  {folders}
}}"""
ZSH = """{function}() {{
  local folder={folder}
  compadd -- {names} $folder/*/{manifest}(N:h:t)
  {folders}
}}"""


def make_completion(parser: argparse.ArgumentParser, program: str, shell: str) -> str:
    """Return the script for a shell (bash, zsh or tcsh) that completes the words after `program`."""
    parser.prog = program
    for action in _list_actions(parser):
        if (completion := _choose_completion(action)) is not None:
            vars(action)["complete"] = completion  # where shtab looks
    return str(shtab.complete(parser, shell))


def _list_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _list_actions(subparser)
        else:
            yield action


def _choose_completion(action: argparse.Action) -> Any:
    """Return what shtab takes for the values of an argument, or None where it knows them, or nobody does."""
    names: Sequence[str] = getattr(action, "offered", ())
    if action.dest == "release" or action.metavar in RELEASES:
        return _offer_releases(names, folders=action.metavar in FOLDERS)
    if names:
        return _offer_names(names)
    if action.metavar in FOLDERS:
        return shtab.DIRECTORY
    if action.type is Path or action.metavar in FILES:
        return shtab.FILE
    return None


def _offer_names(names: Sequence[str]) -> Any:
    return shtab.cmd(f"echo {' '.join(names)}")


def _offer_releases(names: Sequence[str], folders: bool) -> Any:
    """Return what completes a release's name, or one of `names`, and a folder's where one will do.

    tcsh has no functions: it gets the releases that there are when the script is printed, and no folders.
    """
    digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:8]
    function = f"_ld_data_{digest}_{'dirs' if folders else 'names'}"  # by _dir bash knows that slashes are to be added
    facts = {
        "function": function,
        "folder": f"${{{CHECKPOINTS_VARIABLE}:-{shlex.quote(str(checkpoints_folder().resolve()))}}}",
        "names": " ".join(names),
        "manifest": MANIFEST_NAME,
    }
    return {
        "bash": function,
        "zsh": function,
        "tcsh": f"({' '.join([*names, *list_releases()])})",
        "preamble": {
            "bash": BASH.format(**facts, folders='compgen -d -- "$1"' if folders else ""),
            "zsh": ZSH.format(**facts, folders="_files -/" if folders else ""),
        },
    }
