"""What the command lines of all packages share: their form and options, exit statuses, errors, and printed results."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeAlias

import ld_data
from ld_data.errors import InputError, LdDataError
from ld_data.extras import EXTRAS, check_libraries, explain_missing
from ld_data.settings import DEFAULT_SERVICE, SERVICE_VARIABLE, service_address

RED, PLAIN = "\x1b[31m", "\x1b[0m"


def is_colourful(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream is a terminal that shows colours, and its user minds none of them.

    There is no stream where a process was started with it closed. See https://no-color.org for NO_COLOR, which may have
    any value but the empty one.
    """
    return (
        stream is not None and stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    )


def paint_red(text: str, stream: TextIO | None, words: Iterable[str] | None = None) -> str:
    """Return the text, or else those words of it, in red for a stream that shows colours; as it is for any other."""
    if not is_colourful(stream):
        return text
    if words is None:
        return f"{RED}{text}{PLAIN}"
    for word in words:
        text = text.replace(word, f"{RED}{word}{PLAIN}")
    return text


EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_STATUSES = "exit status: 0 done; 1 failed, for the reason on stderr; 2 wrong usage; 130 interrupted"
BACKEND_VARIABLE = "KERAS_BACKEND"
LOG_LEVEL_VARIABLE = "TF_CPP_MIN_LOG_LEVEL"  # TensorFlow's own
NO_LOG = "3"
SHELLS = ("bash", "zsh", "tcsh")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class _HelpFormatter(argparse.HelpFormatter):
    """Wraps descriptions, but not the lines that begin with a space, as examples do."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = text.splitlines()
        return "\n".join(
            line if line.startswith(" ") else super(_HelpFormatter, self)._fill_text(line, width, indent)
            for line in lines
        )


class CommandParser(argparse.ArgumentParser):
    """A parser of the family, whose errors and whose help look like those of all others."""

    def __init__(self, *names: Any, **options: Any) -> None:
        """Take what `argparse.ArgumentParser` takes."""
        super().__init__(*names, **{"formatter_class": _HelpFormatter, "allow_abbrev": False, **options})

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Return what the arguments say and no others, as those that are unknown end the program here.

        So the command that they were meant for tells its own usage, and not its parent that of the whole program.
        """
        words = sys.argv[1:] if args is None else list(args)
        options, unknown = super().parse_known_args(words, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._explain_place(words, unknown)}")
        return options, unknown

    def _explain_place(self, words: Sequence[str], unknown: Sequence[str]) -> str:
        """Return where options belong that stand before the command that knows them, or else nothing."""
        command: argparse.ArgumentParser = self
        for word in words:
            command = _list_commands(command).get(word, command)
        if command is self or not any(option.partition("=")[0] in command._option_string_actions for option in unknown):
            return ""
        return f". Options of a command go after its name: `{command.prog} ... {unknown[0]}`"

    def error(self, message: str) -> NoReturn:
        """End with the usage and what is wrong on stderr."""
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {paint_red('error:', sys.stderr)} {message}\n")


def _list_commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of the commands that a parser has, by their names."""
    groups = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: command for group in groups for name, command in group.items()}


class _PrintCompletion(argparse.Action):
    """Prints the script by which a shell completes the program that `const` names, and ends."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        from ld_data.cli.completion import make_completion  # a library that nothing else needs

        print(make_completion(parser, str(self.const), values), flush=True)
        parser.exit()


def make_parser(package: str, description: str, example: str) -> argparse.ArgumentParser:
    """Return the parser of a package, named as it was called: `python -m ld_data`, or by its script, `ld-data`."""
    script = "ld-" + package.removeprefix("ld_")
    program = script if Path(sys.argv[0]).stem == script else f"python -m {package}"
    epilog = f"{EXIT_STATUSES}\n\nexample:\n  {program} {example}"
    parser = CommandParser(program, description=description, epilog=epilog)
    version = f"LD-Data {ld_data.__version__}, Python {platform.python_version()}"
    parser.add_argument("--version", action="version", version=version, help="print LD-Data's version and Python's")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        const=script,
        help=f"print a script by which a shell completes {script}",
    )
    return parser


def add_command(
    commands: Commands,
    name: str,
    *,
    help: str,  # noqa: A002
    example: str,
    needs: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """Return the parser of a new command, with --json, whose help ends with an example: the words after its name.

    `needs` are the libraries without which it does nothing, as they are imported: it says so before it does anything.
    """
    parser = _add_parser(commands, name, help, example)
    parser.set_defaults(needs=needs)
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else, on stdout")
    return parser


def offer(argument: argparse.Action, names: Sequence[str]) -> None:
    """Let shells complete an argument by these names, which are not all that it takes."""
    vars(argument)["offered"] = tuple(names)


def add_group(commands: Commands, name: str, *, help: str, example: str, metavar: str) -> Commands:  # noqa: A002
    """Return what takes the commands of a new group, named by `metavar` in its help and kept as its lower case."""
    parser = _add_parser(commands, name, help, example)
    return parser.add_subparsers(required=True, metavar=metavar, dest=metavar.lower())


def _add_parser(commands: Commands, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.epilog = f"example:\n  {parser.prog} {example}"
    return parser


def add_release(parser: argparse.ArgumentParser, *, at_service: bool = False) -> None:
    """Give a command its release: one at hand, by its name or folder, or one of a service, by its name."""
    text = "a release's name" if at_service else "a release's name or folder"
    parser.add_argument("release", metavar="NAME" if at_service else "RELEASE", help=text)


def add_default_release(parser: argparse.ArgumentParser, default: str = "ld-mnist-32") -> None:
    """Give a command the release that it uses if none is named."""
    parser.add_argument(
        "--release", default=default, metavar="RELEASE", help=f"a release's name or folder; {default} by default"
    )


def add_service(parser: argparse.ArgumentParser, option: str) -> None:
    """Give a command the service that it asks (`--from`) or sends to (`--to`)."""
    parser.add_argument(
        option,
        dest="service",
        default=service_address(),
        metavar="URL",
        help=f"the service; by default {SERVICE_VARIABLE}, or {DEFAULT_SERVICE}",
    )


def add_checkpoints(parser: argparse.ArgumentParser) -> None:
    """Give a command the folder of releases that it reads or writes."""
    parser.add_argument(
        "--checkpoints",
        type=Path,
        metavar="DIR",
        help="the folder of releases; by default LD_DATA_CHECKPOINTS, or checkpoints/",
    )


def add_scores(parser: argparse.ArgumentParser) -> None:
    """Give a command the leaderboard."""
    parser.add_argument(
        "--scores",
        metavar="PLACE",
        help="the leaderboard's file or database URL; by default LD_DATA_SCORES, or scores.sqlite beside checkpoints/",
    )


def add_source(parser: argparse.ArgumentParser, sources: Sequence[str]) -> None:
    """Give a command the source that it trains on: one of ours, or the user's own images."""
    parser.add_argument("source", nargs="?", choices=sources, metavar="SOURCE", help=", ".join(sources))
    parser.add_argument(
        "--source-npz", type=Path, metavar="FILE", help="your own images instead: x_train, y_train, ..."
    )


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Give a command the images that a release of the user's own was made of."""
    parser.add_argument("--source-npz", type=Path, metavar="FILE", help="the images of a release of your own")


def add_model_options(parser: argparse.ArgumentParser, recipes: Sequence[str]) -> None:
    """Give a command what changes the recipe by which a source's models are trained."""
    parser.add_argument(
        "--recipe",
        choices=recipes,
        metavar="RECIPE",
        help="how: that of the source by default, or ld-mnist-v3, as the predecessor did",
    )
    parser.add_argument("--latent-dim", type=int, help="d, 2 or more; 32 by default")
    parser.add_argument("--y", choices=["cells", "gaussian"], help="exact cells, or a trained class VAE")
    add_epochs(parser)
    parser.add_argument("--flow-epochs", type=int, help="passes of the flow alone")
    add_seed(parser)


def add_epochs(parser: argparse.ArgumentParser) -> None:
    """Give a command the length of a training."""
    parser.add_argument("--epochs", type=int, help="passes over the training rows")


def add_seed(parser: argparse.ArgumentParser, default: int = 0) -> None:
    """Give a command the seed of all that is random in it."""
    parser.add_argument("--seed", type=int, default=default, help=f"of all that is random; {default} by default")


def add_seeds(parser: argparse.ArgumentParser, default: int | None, count: str) -> None:
    """Give a command several seeds, of which `count` tells how many there are by default."""
    parser.add_argument("--seed", type=int, default=0, help="the first seed; 0 by default")
    parser.add_argument("--seeds", type=int, default=default, help=f"how many seeds: {count}")


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Give a command how much it does at the same time."""
    parser.add_argument("--jobs", type=int, default=1, help="how many to train at the same time; 1 by default")


def add_limit_train(parser: argparse.ArgumentParser, *older: str) -> None:
    """Give a command how many training rows it uses, by older names, too."""
    parser.add_argument("--limit-train", *older, type=int, metavar="ROWS", help="train on the first rows alone")


def run_parser(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Return the exit status of the command that the arguments name; wrong ones end the program with 2."""

    def parse_and_run() -> None:
        options = parser.parse_args(arguments)
        check_libraries(*options.needs)
        options.command(options)

    return run(parse_and_run)


def run(command: Callable[[], None]) -> int:
    """Return the exit status of a command: 0 done, 1 failed with a message on stderr, 130 interrupted."""
    try:
        command()
        print(end="", flush=True)  # here, where it is known what to do if its reader has gone; there may be no stdout
    except LdDataError as error:
        _tell(f"{error}")
    except ModuleNotFoundError as error:
        if (explanation := explain_missing(error)) is None:
            raise
        _tell(f"{explanation}")
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _tell(f"{error}. Check {_name_causes(error)}.")
    except MemoryError as error:
        _tell(f"this does not fit into memory. Ask for less at once. {error}")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    else:
        return 0
    return EXIT_FAILURE


def print_result(result: Any, text: str, as_json: bool, red: Iterable[str] = ()) -> None:
    """Print a result as JSON, or else as `text`, on terminals some words of it in red."""
    print(json.dumps(result, indent=1) if as_json else paint_red(text, sys.stdout, red))


def _name_causes(error: OSError) -> str:
    """Return what may be the reason why the system refused a file."""
    if isinstance(error, FileNotFoundError | FileExistsError | IsADirectoryError | NotADirectoryError):
        return "the path"
    if isinstance(error, PermissionError):
        return "the path and its permissions"
    return "the path, its permissions and the space on the disk"


def _tell(message: str) -> None:
    print(f"{paint_red('error:', sys.stderr)} {message}", file=sys.stderr)


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Keep TensorFlow's start-up notices off the terminal while it is imported, unless the user wants to see them.

    They are written by native code, some of it before TensorFlow looks at its own variable for silence. Raises
    `InputError` if Keras cannot have the backend that the user wants.
    """
    try:
        with _silence():
            yield
    except (ImportError, ValueError) as error:
        backend, library = (
            os.environ.get(BACKEND_VARIABLE),
            (error.name or "") if isinstance(error, ImportError) else "",
        )
        if backend is None or library.partition(".")[0] in EXTRAS:
            raise
        raise InputError(
            f"{BACKEND_VARIABLE} is {backend}, and cannot be had ({error}). "
            "Install that library, or unset the variable: TensorFlow is the default."
        ) from error


@contextmanager
def _silence() -> Iterator[None]:
    if os.environ.setdefault(LOG_LEVEL_VARIABLE, NO_LOG) != NO_LOG:  # as another import may have set it before
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)
