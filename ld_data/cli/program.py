"""The form of all programs: help, versions, errors of usage, exit statuses and shell completion, on Cyclopts."""

import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from cyclopts import App, ArgumentCollection, Parameter
from cyclopts.exceptions import CoercionError, CycloptsError, UnknownCommandError, UnusedCliTokensError, ValidationError

import ld_data
from ld_data.cli.output import print_any_text, report_error
from ld_data.errors import LdDataError
from ld_data.extras import explain_missing

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_STATUSES = "exit status: 0 done; 1 failed, for the reason on stderr; 2 wrong usage; 130 interrupted"
Shell = Literal["bash", "zsh", "fish"]
SHELLS = get_args(Shell)
HELP_FLAGS = ("--help", "-h")


def name_program(package: str) -> str:
    """Return how the program of a package was called: `python -m ld_data`, or by its script, `ld-data`."""
    script = _name_script(package)
    return script if Path(sys.argv[0]).stem == script else f"python -m {package}"


def make_program(package: str, summary: str, example: str) -> App:
    """Return the program of a package, with the example that ends its help: the words after the program's name."""
    name, script = name_program(package), _name_script(package)
    program = App(
        name=name,
        help=summary,
        help_epilogue=f"{EXIT_STATUSES}\n\nexample:\n  {name} {example}",
        help_flags=HELP_FLAGS,
        help_format="plaintext",
        version=f"LD-Data {ld_data.__version__}, Python {platform.python_version()}",
        default_parameter=Parameter(negative=(), show_default=_describe_default, allow_repeating=True),
        config=_refuse_fractions,
    )

    def print_completion(shell: Annotated[Shell, Parameter(help="The shell.")], /) -> None:
        print(program.generate_completion(prog_name=script, shell=shell))

    summary = f"Print a script that makes a shell complete {script}."
    add_command(program, print_completion, "--print-completion", summary, "bash")
    return program


def add_command(
    program: App, command: str | Callable[..., None], name: str, summary: str, example: str, group: str = ""
) -> None:
    """Add a command to a program, or to a group of commands whose full name is `group`.

    The command is a function, or its path `module:function`, which is imported when it is called. The summary repeats
    the first line of its docstring, for the program's help. The words of the example follow the command's name.
    """
    epilogue = f"example:\n  {group or program.name[0]} {name} {example}"
    program.command(command, name=name, help=summary, help_epilogue=epilogue)


def run(program: App, arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name: that of `run_command`, or 2 for wrong usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)

    def parse_and_run() -> None:
        command, bound, _ = program.parse_args(words, print_error=False, exit_on_error=False)
        if getattr(command, "__func__", None) is App.help_print and not {*HELP_FLAGS} & {*words}:
            raise UnknownCommandError(app=program.parse_commands(words)[1][-1], unused_tokens=[])
        command(*bound.args, **bound.kwargs)

    try:
        return run_command(parse_and_run)
    except CycloptsError as error:
        chain = program.parse_commands(words)[0]
        name = " ".join([program.name[0], *(word for word in chain if not word.startswith("-"))])
        report_error(f"{_explain(error)}{_explain_place(program, words)} See `{name} --help`.")
        return EXIT_USAGE


def run_command(command: Callable[[], None]) -> int:
    """Return the exit status of a command: 0 done, 1 failed with a message on stderr, 130 interrupted."""
    print_any_text()
    try:
        command()
        print(end="", flush=True)  # flushed in this block, which handles a closed pipe; there may be no stdout
    except LdDataError as error:
        report_error(f"{error}")
    except ModuleNotFoundError as error:
        if (explanation := explain_missing(error)) is None:
            raise
        report_error(f"{explanation}")
    except BrokenPipeError:  # the reader of the output is gone, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        report_error(f"{error}. Check {_name_causes(error)}.")
    except UnicodeEncodeError as error:  # some libraries write no name that is not UTF-8
        report_error(f"{error.object!r:.200} has bytes that are not text. Choose another name.")
    except MemoryError as error:
        report_error(f"this does not fit into memory. Ask for less at once. {error}")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    else:
        return 0
    return EXIT_FAILURE


def _name_causes(error: OSError) -> str:
    """Return what the user should check when the system refuses a file."""
    if isinstance(error, FileNotFoundError | FileExistsError | IsADirectoryError | NotADirectoryError):
        return "the path"
    if isinstance(error, PermissionError):
        return "the path and its permissions"
    return "the path, its permissions and the space on the disk"


def _name_script(package: str) -> str:
    return "ld-" + package.removeprefix("ld_")


def _describe_default(value: object) -> str | None:
    """Return the default that a help shows; None for options that are off or empty."""
    if value is None or value is False or value == "":
        return None
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _refuse_fractions(_program: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse 1.5 where an integer is expected: Cyclopts would round it."""
    for argument in arguments:
        kinds = {argument.hint, *get_args(argument.hint)}
        for token in argument.tokens:
            if int in kinds and "." in token.value:
                raise CoercionError(argument=argument, token=token, target_type=int)


def _explain(error: CycloptsError) -> str:
    """Return one sentence about wrong usage; every command is listed if the given one is unknown."""
    if isinstance(error, UnknownCommandError) and error.app is not None:
        known = ", ".join(_list_commands(error.app))
        if not error.unused_tokens:
            return f"name a command: {known}."
        kind = "option" if error.unused_tokens[0].startswith("-") else "command"
        return f"unknown {kind} {error.unused_tokens[0]!r}. The commands are {known}."
    if isinstance(error, ValidationError):
        return f"{error.exception_message.rstrip('.')}."
    if isinstance(error, UnusedCliTokensError):
        return f"unexpected arguments: {' '.join(error.unused_tokens or [])}."
    return str(error)


def _explain_place(program: App, words: Sequence[str]) -> str:
    """Return where an option belongs that stands before the command that has it; nothing for other errors."""
    chain, apps, rest = program.parse_commands(words)
    option = next((word.partition("=")[0] for word in rest if word.startswith("--")), "")
    for position, word in enumerate(rest):
        if option and word in _list_commands(apps[-1]):
            inner, (*_, command), _ = apps[-1].parse_commands(rest[position:])
            options = command.assemble_argument_collection() if command.default_command else ()
            if any(option in argument.names for argument in options):
                name = " ".join([program.name[0], *chain, *inner])
                return f" Options of a command go after its name: `{name} ... {option}`."
    return ""


def _list_commands(program: App) -> list[str]:
    return [name for name in program if not name.startswith("-")]
