"""What all command lines share: form, exit statuses, colours and progress, and how they do in light installations."""

import argparse
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import api.commands as api_main
import eval.__main__ as eval_main
import ld_data
import ld_data.__main__ as data_main
import vae.__main__ as vae_main
from eval.leaderboard.receipts import NO_RECEIPT, LogPosition
from ld_data.cli import parser as command_line
from ld_data.cli.parser import PLAIN, RED
from ld_data.errors import InputError, MissingLibraryError
from ld_data.extras import EXTRAS
from tests.support.parsers import list_parsers
from tests.support.paths import ROOT

MAINS = {"ld_data": data_main, "vae": vae_main, "eval": eval_main, "api": api_main}
PARSERS = {
    f"{parser.prog} ": (package, parser) for package in MAINS for parser in list_parsers(MAINS[package]._make_parser())
}
GROUPS = {"python -m ld_data generate "}  # and the packages themselves: what has commands of its own
COMMANDS = {
    name: parser for name, (package, parser) in PARSERS.items() if name not in {f"python -m {package} ", *GROUPS}
}
SEVERAL_MEANINGS = {  # options whose help differs between commands: all others say the same of the same
    "--background",
    "--challenge",
    "--only",
    "--out",
    "--print-completion",
    "--release",
    "--rows",
    "--seconds",
    "--seed",
    "--seeds",
    "--source-npz",
    "--turns",
    "--workers",
}
HEAVY = {"keras", "tensorflow", "sklearn", "scipy", "matplotlib", "onnxruntime", "fastapi", "starlette", "sqlalchemy"}
LIGHT = """
import runpy, sys
HIDDEN = set("alembic fastapi joblib keras matplotlib onnx onnxruntime orjson pandas PIL prometheus_client pyarrow "
             "pydantic safetensors shtab sklearn sqlalchemy starlette tensorflow tf2onnx threadpoolctl torch "
             "uvicorn".split())

class Hidden:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden)
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def predictions(tmp_path):
    """Predictions for the test rows of a shipped release."""
    data = ld_data.load("ld-mnist1d-32")
    np.save(tmp_path / "predictions.npy", data.class_mean[data.test.label])
    return tmp_path / "predictions.npy"


def run(*words, cwd=ROOT, **environment):
    command = [sys.executable, "-m", *map(str, words)]
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


def run_light(*words, **environment):
    command = [sys.executable, "-c", LIGHT, *map(str, words)]
    variables = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def run_in_terminal(*words, **environment):
    """The exit status of a command on a terminal of its own, and what it shows there."""
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 200))
    variables = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | environment
    variables = {name: value for name, value in variables.items() if name != "NO_COLOR" or name in environment}
    command = [sys.executable, "-m", *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdin=end, stdout=end, stderr=end) as process:
        os.close(end)
        shown = b""
        try:
            while part := os.read(terminal, 65536):
                shown += part
        except OSError:  # how Linux tells that the other end is closed
            pass
        os.close(terminal)
        return process.wait(), shown.decode()


class TestForm:
    @pytest.mark.parametrize("name", PARSERS)
    def test_every_help_ends_with_an_example_that_parses(self, name):
        package, parser = PARSERS[name]
        *_, title, example = parser.format_help().splitlines()
        assert title == "example:"
        words = shlex.split(example)
        assert example.strip().startswith(name.strip())
        options = MAINS[package]._make_parser().parse_args(words[3:])
        assert callable(options.command)

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_command_has_json(self, name):
        assert "--json" in COMMANDS[name]._option_string_actions

    @pytest.mark.parametrize("name", PARSERS)
    def test_every_command_and_every_argument_has_a_help(self, name):
        parser = PARSERS[name][1]
        assert parser.description[0].isupper()
        assert parser.description.endswith(".")
        for action in parser._actions:
            if not isinstance(action, argparse._SubParsersAction):
                assert action.help, action.dest

    def test_the_same_option_has_the_same_help(self):
        helps = {}
        for _, parser in PARSERS.values():
            for option, action in parser._option_string_actions.items():
                helps.setdefault(option, set()).add((action.help, str(action.type), str(action.metavar)))
        assert {option for option, texts in helps.items() if len(texts) > 1} <= SEVERAL_MEANINGS

    def test_releases_folders_and_files_are_named_alike(self):
        for name, (_, parser) in PARSERS.items():
            for action in parser._actions:
                assert action.type is not Path or action.metavar in {"FILE", "DIR", "PREDICTIONS"}, (name, action.dest)
                if action.dest == "release":
                    assert action.metavar == ("RELEASE" if "folder" in action.help else "NAME"), name

    def test_older_names_of_options_still_work(self):
        assert MAINS["eval"]._make_parser().parse_args(["ladder", "linear", "--rows", "9"]).limit_train == 9
        assert MAINS["api"]._make_parser().parse_args(["benchmark", "--rounds", "9"]).turns == 9

    def test_a_script_is_named_by_its_own_name(self, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["/usr/bin/ld-eval"])
        (_, score, *_) = list_parsers(eval_main._make_parser())
        assert score.format_help().splitlines()[-1] == "  ld-eval score ld-mnist-32 predictions.npy"

    @pytest.mark.parametrize("package", MAINS)
    def test_the_version_is_that_of_ld_data_and_python(self, package):
        expected = f"LD-Data {ld_data.__version__}, Python {sys.version.split()[0]}\n"
        assert run(package, "--version").stdout == expected


@pytest.mark.parametrize(
    "words",
    [("ld_data", "--help"), ("ld_data", "list"), ("vae", "--version"), ("eval", "--version"), ("api", "--version")],
    ids=" ".join,
)
def test_what_tells_of_commands_imports_nothing_heavy(words):
    script = f"""
import runpy, sys
sys.argv = {list(words)}
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit:
    print(*sys.modules)
"""
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not (HEAVY | {"httpx2"}) & set(shown.splitlines()[-1].split())


class TestExitStatuses:
    def test_they_are_documented(self):
        for main in MAINS.values():
            assert command_line.EXIT_STATUSES in " ".join(main._make_parser().format_help().split())

    @pytest.mark.parametrize(
        ("words", "status"),
        [(("verify", "ld-mnist1d-32"), 0), (("verify", "nope"), 1), (("verify",), 2), (("list", "--nope"), 2)],
    )
    def test_the_status_tells_how_it_ended(self, words, status):
        finished = run("ld_data", *words)
        assert finished.returncode == status
        *_, last = ["", *finished.stderr.splitlines()]
        beginning = {0: "", 1: "error: no release 'nope'", 2: "python -m ld_data"}[status]
        assert last.startswith(beginning)
        assert finished.stderr.startswith("usage: " if status == 2 else last)
        assert (finished.stdout == "") == (status != 0)

    @pytest.mark.parametrize(
        ("words", "usage", "message"),
        [
            (["list", "--foo"], "list [-h] [--json]", "list: error: unrecognized arguments: --foo"),
            (["list", "--jso"], "list [-h] [--json]", "list: error: unrecognized arguments: --jso"),
            (["generate", "mnist1d", "--out", "a", "b"], "generate mnist1d [-h]", "unrecognized arguments: b"),
            (["--foo", "list"], "[-h] [--version]", "unrecognized arguments: --foo"),
            (["--json", "list"], "[-h] [--version]", "--json. Options of a command go after its name: `python -m ld_d"),
            (["--json", "generate", "mnist1d", "--out", "a"], "[-h] [--ver", "`python -m ld_data generate mnist1d ..."),
        ],
    )
    def test_wrong_usage_is_told_with_the_usage_of_the_command_that_was_meant(self, words, usage, message, capsys):
        with pytest.raises(SystemExit) as ended:
            data_main.main(words)
        assert ended.value.code == 2
        shown = capsys.readouterr().err
        assert shown.startswith(f"usage: python -m ld_data {usage}")
        *_, last = shown.splitlines()
        assert message in last

    def test_who_interrupts_gets_130_and_no_traceback(self, tmp_path):
        words = ["generate", "mnist1d", "--num-samples", "20000000", "--out", str(tmp_path / "s.npy")]
        command = [sys.executable, "-m", "ld_data", *words]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which a test run in the background ignores
        with subprocess.Popen(command, cwd=ROOT, preexec_fn=listen, **streams) as process:  # noqa: PLW1509
            while process.poll() is None and not list(tmp_path.glob(".*/*.npy")):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, error = process.communicate()
        assert (process.returncode, out, error) == (130, "", "interrupted\n")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("error", "status"),
        [(InputError("no"), 1), (OSError("no"), 1), (MemoryError("no"), 1), (KeyboardInterrupt(), 130)],
    )
    def test_an_error_is_one_sentence(self, error, status, capsys):
        def fail():
            raise error

        assert command_line.run(fail) == status
        shown = capsys.readouterr()
        assert (shown.out, shown.err.count("\n")) == ("", 1)
        assert shown.err.startswith(
            "error: no" if status == 1 and not isinstance(error, MemoryError) else ("error", "int")
        )

    @pytest.mark.parametrize(
        ("error", "causes"),
        [
            (FileNotFoundError("no"), "the path."),
            (PermissionError("no"), "the path and its permissions."),
            (OSError("no"), "the path, its permissions and the space on the disk."),
        ],
    )
    def test_an_error_of_the_system_tells_what_may_be_the_reason(self, error, causes, capsys):
        def fail():
            raise error

        assert command_line.run(fail) == 1
        assert capsys.readouterr().err == f"error: no. Check {causes}\n"

    def test_a_missing_library_is_told_even_if_a_backend_was_chosen(self, monkeypatch):
        monkeypatch.setenv("KERAS_BACKEND", "jax")
        with pytest.raises(ModuleNotFoundError, match="sklearn"), command_line.quiet_imports():
            raise ModuleNotFoundError("No module named 'sklearn.svm'", name="sklearn.svm")
        with pytest.raises(InputError, match="KERAS_BACKEND is jax"), command_line.quiet_imports():
            raise ModuleNotFoundError("No module named 'jax'", name="jax")

    def test_each_import_is_quiet_unless_the_user_wants_to_see_it(self, monkeypatch, capfd):
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
        for _ in range(2):
            with command_line.quiet_imports():
                os.write(2, b"a notice")
        assert capfd.readouterr().err == ""
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
        with command_line.quiet_imports():
            os.write(2, b"a notice")
        assert capfd.readouterr().err == "a notice"


class TestTerminals:
    def test_errors_are_red_on_a_terminal(self):
        status, shown = run_in_terminal("ld_data", "verify", "nope")
        assert status == 1
        assert shown.startswith(f"{RED}error:{PLAIN} no release 'nope'")
        status, shown = run_in_terminal("ld_data", "verify")
        assert status == 2
        assert f"python -m ld_data verify: {RED}error:{PLAIN} the following" in shown

    @pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_no_colours_where_the_user_wants_none(self, environment):
        assert run_in_terminal("ld_data", "verify", "nope", **environment)[1].startswith("error: no release")

    def test_an_empty_no_color_means_nothing(self):
        assert run_in_terminal("ld_data", "verify", "nope", NO_COLOR="")[1].startswith(RED)

    def test_a_pipe_has_no_colours(self):
        assert run("ld_data", "verify", "nope", TERM="xterm-256color").stderr.startswith("error: no release")

    def test_what_is_broken_is_red_in_a_list(self, release):
        (release / "manifest.json").write_text("{")
        checkpoints = {"LD_DATA_CHECKPOINTS": str(release.parent)}
        assert f"{RED}broken:{PLAIN}" in run_in_terminal("ld_data", "list", **checkpoints)[1]
        assert "fake-4               broken: " in run("ld_data", "list", **checkpoints).stdout
        assert RED not in run_in_terminal("ld_data", "list", "--json", **checkpoints)[1]

    def test_a_terminal_shows_progress_and_a_pipe_does_not(self, tmp_path):
        words = ("ld_data", "generate", "mnist1d", "--num-samples", 1000, "--json", "--out")
        status, shown = run_in_terminal(*words, tmp_path / "a.npz")
        assert status == 0
        assert "a.npz: " in shown
        finished = run(*words, tmp_path / "b.npz")
        assert finished.stderr == ""
        assert json.loads(finished.stdout) == {
            "files": [str(tmp_path / "b.npz")],
            "train": 800,
            "test": 200,
            "points": 40,
        }


class TestLightInstallations:
    """Those with numpy, scipy, httpx2 and tqdm alone."""

    @pytest.mark.parametrize(
        "words",
        [
            ("ld_data", "--help"),
            ("ld_data", "--version"),
            ("ld_data", "list"),
            ("ld_data", "verify", "ld-mnist1d-32"),
            ("ld_data", "download", "--help"),
            ("eval", "--help"),
            ("vae", "--help"),
            ("api", "--help"),
        ],
        ids=" ".join,
    )
    def test_much_works(self, words):
        finished = run_light(*words)
        assert (finished.returncode, finished.stderr) == (0, "")

    def test_a_generator_and_scores_work(self, tmp_path, predictions):
        assert run_light("ld_data", "generate", "mnist1d", "--out", tmp_path / "signals.npz").returncode == 0
        scored = run_light("eval", "score", "ld-mnist1d-32", predictions, "--json")
        assert json.loads(scored.stdout)["skill"] > 0.9

    def test_a_log_of_scores_is_proved(self, tmp_path):
        receipts = [LogPosition(1, NO_RECEIPT, "now").make_receipt("score", {"score": {"mse": 1e-7}, "name": "ä"})]
        receipts.append(LogPosition(2, receipts[0].sha256, "now").make_receipt("score", {}))
        log = tmp_path / "log.jsonl"
        log.write_text("".join(f"{receipt.text}\n" for receipt in receipts), "utf-8")
        proved = run_light("eval", "verify-log", log, "--receipt", receipts[0].sha256)
        assert (proved.returncode, proved.stderr) == (0, "")
        assert f"receipt {receipts[0].sha256} is line 1 of 2" in proved.stdout
        log.write_text(log.read_text("utf-8").replace("ä", "ö"), "utf-8")
        assert run_light("eval", "verify-log", log).returncode == 1

    @pytest.mark.parametrize(
        ("words", "extra"),
        [
            (("ld_data", "plots", "mnist1d", "--out", "plots"), "plots"),
            (("ld_data", "examples", "ld-mnist-32"), "sklearn"),
            (("ld_data", "build", "mnist1d"), "train"),
            (("ld_data", "benchmark", "mnist1d"), "train"),
            (("ld_data", "--print-completion", "bash"), "completion"),
            (("vae", "info", "ld-mnist1d-32"), "codec"),
            (("vae", "train", "mnist1d", "--out", "models"), "train"),
            (("vae", "decoders", "ld-mnist1d-32"), "train"),
            (("eval", "baselines", "ld-mnist1d-32"), "train"),
            (("eval", "classify", "mlp", "mnist1d"), "train"),
            (("eval", "judge", "ld-mnist1d-32"), "train"),
            (("eval", "close-season", "ld-mnist1d-32", "--scores", "README.md"), "serve"),
            (("api",), "serve"),
            (("api", "benchmark"), "serve"),
            (("api", "soak"), "serve"),
        ],
        ids=lambda value: value if isinstance(value, str) else " ".join(value),
    )
    def test_what_does_not_says_what_to_install(self, words, extra):
        finished = run_light(*words)
        assert (finished.returncode, finished.stdout) == (1, "")
        assert finished.stderr.count("\n") == 1
        assert finished.stderr.startswith("error: this needs ")
        assert f'pip install ".[{extra}]"' in finished.stderr

    @pytest.mark.parametrize(
        "words",
        [
            ("ld_data", "health", "ld-mnist-32"),
            ("ld_data", "examples", "ld-mnist-32"),
            ("ld_data", "plots", "ld-mnist-32", "--out", "plots"),
            ("ld_data", "build", "mnist"),
            ("vae", "info", "http://127.0.0.1:9/v1/datasets/ld-mnist-32"),
            ("eval", "judge", "ld-mnist-32"),
            ("eval", "classify", "mlp", "mnist"),
            ("eval", "train-judge", "mnist"),
        ],
        ids=" ".join,
    )
    def test_it_is_said_before_anything_is_looked_for(self, words, empty_home):
        """Here nothing is to be found: whoever looks says so, after the tries of a network that may be slow."""
        finished = run_light(*words, LD_DATA_OFFLINE="0" if words[0] == "vae" else "1")
        assert finished.returncode == 1
        assert finished.stderr.startswith("error: this needs ")
        assert finished.stderr.count("\n") == 1

    def test_what_a_command_needs_is_brought_by_an_extra(self):
        for name, parser in COMMANDS.items():
            assert set(parser.get_default("needs")) <= set(EXTRAS), name

    def test_a_codec_says_so_in_python_too(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        with pytest.raises(MissingLibraryError, match=r"needs onnxruntime.*\.\[codec\]"):
            vae_main.load("ld-mnist1d-32")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_command_without_stdout_or_stderr_does_what_it_does(closed):
    command = ["sh", "-c", f'"$0" -m ld_data verify ld-mnist1d-32 {closed}', sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
