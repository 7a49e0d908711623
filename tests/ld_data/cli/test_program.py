"""The form of all programs: help, exit statuses, errors, and behaviour on terminals and pipes."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress
from functools import partial

import pytest

import ld_data
from ld_data.cli.output import PLAIN, RED
from ld_data.cli.program import EXIT_STATUSES, run_command
from ld_data.errors import InputError
from tests.support.command_lines import (
    PROGRAMS,
    explain_invalid,
    list_commands,
    list_options,
    make_program,
    run,
    run_process,
)
from tests.support.paths import ROOT

COMMANDS = {
    (package, *words): command for package in PROGRAMS for words, command in list_commands(make_program(package))
}
SEVERAL_MEANINGS = {  # options whose help differs between commands
    "--background",
    "--challenge",
    "--only",
    "--out",
    "--release",
    "--rows",
    "--seconds",
    "--seed",
    "--seeds",
    "--source-npz",
    "--to",
    "--turns",
    "--workers",
}
HEAVY = {"keras", "tensorflow", "sklearn", "matplotlib", "onnxruntime", "fastapi", "starlette", "sqlalchemy"}


def main(package):
    return partial(run, __import__(PROGRAMS[package], fromlist=["main"]).main)


def run_in_terminal(*words, **environment):
    """The exit status of a program on a terminal of its own, and its output there."""
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 200))
    variables = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | environment
    variables = {name: value for name, value in variables.items() if name != "NO_COLOR" or name in environment}
    command = [sys.executable, "-m", *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdin=end, stdout=end, stderr=end) as process:
        os.close(end)
        shown = b""
        with suppress(OSError):  # Linux: the other end is closed
            while part := os.read(terminal, 65536):
                shown += part
        os.close(terminal)
        return process.wait(), shown.decode()


class TestHelp:
    @pytest.mark.untraced
    @pytest.mark.slow
    def test_every_help_ends_with_an_example_that_is_valid(self, capsys):
        wrong = []
        for package, *words in [*COMMANDS, *((package,) for package in PROGRAMS)]:
            assert main(package)(*words, "--help") == 0
            *_, title, example = capsys.readouterr().out.rstrip().splitlines()
            parts = shlex.split(example)
            begins = parts[: 3 + len(words)] == ["python", "-m", package, *words]
            if title != "example:" or not begins or explain_invalid(parts[2:]):
                wrong.append((package, *words, example))
        assert not wrong

    def test_every_command_has_json(self):
        without = [name for name, command in COMMANDS.items() if "--json" not in list_options(command)]
        assert without == [("ld_data", "generate"), ("ld_data", "shards")]

    def test_the_list_of_commands_repeats_their_docstrings(self):
        wrong = [
            (name, command.help)
            for name, command in COMMANDS.items()
            if command.default_command and command.help != command.default_command.__doc__.partition("\n")[0]
        ]
        assert not wrong

    @pytest.mark.slow
    def test_every_argument_has_a_help_and_an_option_the_same_one_everywhere(self):
        helps, without = {}, []
        for name, command in COMMANDS.items():
            if command.default_command:
                for argument in command.assemble_argument_collection(parse_docstring=True):
                    if argument.show:
                        text = argument.parameter.help
                        without += [] if text else [(name, argument.name)]
                        if argument.name.startswith("--"):
                            helps.setdefault(argument.name, set()).add((text, argument.parameter.metavar))
        assert not without
        assert {option for option, texts in helps.items() if len(texts) > 1} <= SEVERAL_MEANINGS

    def test_exit_statuses_are_documented(self, capsys):
        for package in PROGRAMS:
            assert main(package)("--help") == 0
            assert EXIT_STATUSES in " ".join(capsys.readouterr().out.split())

    def test_a_script_is_named_by_its_own_name(self, monkeypatch, capsys):
        monkeypatch.setattr(sys, "argv", ["/usr/bin/ld-eval"])
        assert main("eval")("score", "--help") == 0
        assert capsys.readouterr().out.rstrip().endswith("\n  ld-eval score ld-mnist-32 predictions.npy")

    def test_the_version_is_that_of_ld_data_and_python(self, capsys):
        for package in PROGRAMS:
            assert main(package)("--version") == 0
            assert capsys.readouterr().out == f"LD-Data {ld_data.__version__}, Python {sys.version.split()[0]}\n"

    @pytest.mark.slow
    def test_it_imports_nothing_heavy(self):
        """Each command runs in a fork of one process, which has imported what is light and takes longest."""
        lines = [
            ["ld_data", "list"],
            *([package, "--help"] for package in PROGRAMS),
            *([*name, "--help"] for name in COMMANDS if name[-1] in {"build", "baselines", "train", "close-season"}),
        ]
        script = f"""
import cyclopts, numpy, os, runpy, sys
for sys.argv in {lines}:
    if os.fork() == 0:
        try:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        except SystemExit:
            print(*sys.modules, flush=True)
            os._exit(0)
    os.wait()
    print("end", flush=True)
"""
        command = [sys.executable, "-c", script]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        *printed, _ = shown.split("end\n")
        for words, text in zip(lines, printed, strict=True):
            loaded = set(text.splitlines()[-1].split())
            heavy = HEAVY | {"scipy", "httpx2"} if len(words) == 2 else HEAVY
            assert "ld_data" in loaded, words
            assert not heavy & loaded, words


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("ld_data", "name a command: generate, shards, list"),
            ("ld_data generate", "name a command: mnist1d, mnist-rot-like"),
            ("ld_data nope", "unknown command 'nope'. The commands are generate, shards, list, benchmark"),
            ("ld_data verify", 'Command "verify" parameter RELEASE requires an argument.'),
            ("ld_data verify a b", "unexpected arguments: b."),
            ("ld_data list --nope", "Unknown option: --nope."),
            ("ld_data list --jso", "Did you mean --json?"),
            ("ld_data --json list", "Options of a command go after its name: `python -m ld_data list ... --json`."),
            ("ld_data generate --seed 1 mnist1d", "`python -m ld_data generate mnist1d ... --seed`"),
            ("ld_data --seed 1 generate mnist1d", "`python -m ld_data generate mnist1d ... --seed`"),
            ("ld_data --nope list", "unknown option '--nope'"),
            ("ld_data generate mnist1d --out a.npz --seed 1.5", 'unable to convert "1.5" into int'),
            ("ld_data generate mnist1d --out a.npz --padding 1 2.5", 'unable to convert "2.5" into int'),
            ("eval baselines a --seeds 2.0", 'unable to convert "2.0" into int'),
            ("ld_data generate mnist1d --out a.npz --padding 1", "--padding requires 2 positional arguments"),
            ("api --release a benchmark", "`python -m api benchmark ... --release`"),
            ("eval baselines a --only mlp --all", "Mutually exclusive arguments: {--only, --all}"),
            ("eval baselines a --only", "--only requires at least 1 element"),
            ("ld_data build nope", '"mnist", "mnist1d"'),
            ("ld_data build mnist1d --recipe nope", '"images"'),
            ("vae train nope --out models", '"mnist", "mnist1d"'),
            ("vae decoders ld-mnist1d-32 --only nope", '"dense-512-512"'),
            ("eval baselines ld-mnist1d-32 --only mean nope", 'Invalid value "nope" for --only. Choose from: "mean"'),
            ("eval tune ld-mnist1d-32 linear", '"backpropagation", "random-features"'),
            ("eval ladder nope", "no baseline 'nope'. Known: mean, linear"),
            ("eval ladder nope", "Your own function or rule is named as module:name"),
            ("eval classify nope mnist1d", '"logistic", "mlp"'),
            ("eval tsne nope mnist1d --out maps.png", '"logistic", "mlp"'),
            ("eval reproduce nope", '"mnist1d", "ladder"'),
            ("eval reproduce ladder --only nope", '"lenet"'),
            ("ld_data --print-completion tcsh", 'Choose from: "bash", "zsh", "fish"'),
        ],
    )
    def test_it_ends_with_2_and_one_line_that_says_what_is_right(self, line, words, capsys):
        package, *arguments = line.split()
        assert main(package)(*arguments) == 2
        shown = capsys.readouterr()
        assert (shown.out, shown.err.count("\n")) == ("", 1)
        assert shown.err.startswith("error: ")
        assert words in shown.err
        chain = [name for name in arguments if (package, *arguments[: arguments.index(name) + 1]) in COMMANDS]
        assert shown.err.endswith(f"See `{' '.join(['python -m', package, *chain])} --help`.\n")


def test_the_last_of_a_repeated_option_counts_and_lists_grow():
    for line, name, expected in (
        ("api --port 1 --port 2", "port", 2),
        ("eval baselines a --only mlp --only ridge linear", "only", ("mlp", "ridge", "linear")),
    ):
        package, *words = line.split()
        _, bound, _ = make_program(package).parse_args(words, print_error=False, exit_on_error=False)
        assert bound.arguments[name] == expected


class TestExitStatuses:
    @pytest.mark.parametrize(
        ("error", "status", "shown"),
        [
            (InputError("no"), 1, "error: no\n"),
            (FileNotFoundError("no"), 1, "error: no. Check the path.\n"),
            (PermissionError("no"), 1, "error: no. Check the path and its permissions.\n"),
            (OSError("no"), 1, "error: no. Check the path, its permissions and the space on the disk.\n"),
            (MemoryError("no"), 1, "error: this does not fit into memory. Ask for less at once. no\n"),
            (KeyboardInterrupt(), 130, "interrupted\n"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_an_error_is_one_line(self, error, status, shown, capsys):
        def fail():
            raise error

        assert run_command(fail) == status
        printed = capsys.readouterr()
        assert (printed.out, printed.err) == ("", shown)

    @pytest.mark.slow
    def test_an_interrupted_command_ends_with_130_and_no_traceback(self, tmp_path):
        words = ["generate", "mnist1d", "--num-samples", "20000000", "--out", str(tmp_path / "s")]
        command = [sys.executable, "-m", "ld_data", *words]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a test run in the background ignores it
        with subprocess.Popen(command, cwd=ROOT, preexec_fn=listen, **streams) as process:  # noqa: PLW1509
            while process.poll() is None and not list(tmp_path.glob(".*/*.npy")):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, error = process.communicate()
        assert (process.returncode, out, error) == (130, "", "interrupted\n")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.slow
    @pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
    def test_a_command_without_stdout_or_stderr_does_its_work(self, closed):
        command = ["sh", "-c", f'"$0" -m ld_data verify ld-mnist1d-32 {closed}', sys.executable]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.slow
    def test_a_reader_that_leaves_early_causes_no_traceback(self):
        command = ["bash", "-c", 'set -o pipefail; "$0" -m ld_data list --json | true', sys.executable]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}  # 0 if the command has written all before the reader is gone
        assert done.stderr == ""


@pytest.mark.slow
class TestTerminals:
    def test_errors_are_red_on_a_terminal(self):
        for words, expected in ((["verify", "nope"], 1), (["verify"], 2)):
            status, shown = run_in_terminal("ld_data", *words)
            assert status == expected
            assert shown.startswith(f"{RED}error:{PLAIN} ")

    @pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_no_colours_if_the_user_refuses_them(self, environment):
        assert run_in_terminal("ld_data", "verify", "nope", **environment)[1].startswith("error: no release")
        shown = run_in_terminal("ld_data", "--help", **environment)[1]
        assert not re.search(r"\x1b\[[\d;]*[349]\d[;m]", shown)  # bold letters are no colours

    def test_a_pipe_has_no_colours(self):
        assert run_process("ld_data", "verify", "nope", TERM="xterm-256color").stderr.startswith("error: no release")
        assert "\x1b[" not in run_process("ld_data", "--help", TERM="xterm-256color").stdout

    def test_a_broken_release_is_red_in_a_list(self, release):
        (release / "manifest.json").write_text("{")
        checkpoints = {"LD_DATA_CHECKPOINTS": str(release.parent)}
        assert f"{RED}broken:{PLAIN}" in run_in_terminal("ld_data", "list", **checkpoints)[1]
        assert "fake-4  broken: " in run_process("ld_data", "list", **checkpoints).stdout
        assert RED not in run_in_terminal("ld_data", "list", "--json", **checkpoints)[1]

    def test_a_terminal_shows_progress_and_a_pipe_does_not(self, tmp_path):
        words = ("ld_data", "generate", "mnist1d", "--num-samples", 1000, "--json", "--out")
        status, shown = run_in_terminal(*words, tmp_path / "a.npz")
        assert status == 0
        assert "a.npz: " in shown
        finished = run_process(*words, tmp_path / "b.npz")
        assert finished.stderr == ""
        assert json.loads(finished.stdout)["files"] == [str(tmp_path / "b.npz")]
