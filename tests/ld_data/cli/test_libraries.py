import inspect
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import ld_data
import vae
from eval.leaderboard.receipts import NO_RECEIPT, make_receipt
from ld_data.cli.libraries import import_quietly, needs
from ld_data.errors import InputError, MissingLibraryError
from ld_data.extras import EXTRAS
from tests.support.command_lines import run_process
from tests.support.paths import ROOT

LIGHT = f"""
import contextlib, io, json, runpy, sys

class Hidden:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {[*EXTRAS, "torch"]}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden)
for line in json.loads(sys.argv[1]):
    sys.argv, status = line, 0
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            runpy.run_module(line[0], run_name="__main__", alter_sys=True)
        except SystemExit as error:
            status = error.code
    print(json.dumps([status or 0, out.getvalue(), errors.getvalue()]))
"""


def run_light(*lines, **environment):
    """The status and what was printed, to both outputs, of each command in one process without the extras."""
    command = [sys.executable, "-c", LIGHT, json.dumps([[str(word) for word in words] for words in lines])]
    variables = os.environ | environment
    finished = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
    return [json.loads(line) for line in finished.stdout.splitlines()]


class TestNeeds:
    def test_it_checks_before_the_command_runs_and_keeps_its_signature(self, monkeypatch):
        calls = []

        @needs("json", "onnxruntime")
        def command(name: str, *, as_json: bool = False) -> None:
            """Do."""
            calls.append((name, as_json))

        assert list(inspect.signature(command).parameters) == ["name", "as_json"]
        command("a", as_json=True)
        monkeypatch.setattr("ld_data.extras.find_spec", lambda library: None if library == "onnxruntime" else library)
        with pytest.raises(MissingLibraryError, match="onnxruntime"):
            command("b")
        assert calls == [("a", True)]

    def test_the_temporary_files_of_training_libraries_do_not_outlive_the_command(self, monkeypatch, tmp_path):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        monkeypatch.setattr("ld_data.cli.libraries.NOISY", ("json",))

        @needs("json")
        def leave_a_folder() -> Path:
            return Path(tempfile.mkdtemp())

        assert leave_a_folder().parent.parent == tmp_path
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_library_is_named_even_if_a_backend_was_chosen(self, monkeypatch):
        monkeypatch.setenv("KERAS_BACKEND", "jax")
        monkeypatch.setitem(sys.modules, "sklearn.svm", None)
        with pytest.raises(ModuleNotFoundError, match="sklearn"):
            import_quietly("sklearn.svm")
        monkeypatch.setitem(sys.modules, "jax", None)
        with pytest.raises(InputError, match="KERAS_BACKEND is jax"):
            import_quietly("jax")

    def test_imports_are_quiet_unless_the_user_asks_for_notices(self, monkeypatch, capfd, tmp_path):
        monkeypatch.syspath_prepend(tmp_path)
        for name in ("noisy_a", "noisy_b", "noisy_c"):
            (tmp_path / f"{name}.py").write_text("import os\nos.write(2, b'a notice')")
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
        import_quietly("noisy_a")
        import_quietly("noisy_b")
        assert capfd.readouterr().err == ""
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
        import_quietly("noisy_c")
        assert capfd.readouterr().err == "a notice"


QUIET = """
import sys
import ld_data, vae
vae.build_release
from eval.baselines.table import measure_rows
from eval.jobs.calls import Runner
from ld_data.progress import hide_progress
from ld_data.work.workers import open_workers
sys.path.insert(0, sys.argv[1])
with hide_progress(), open_workers(2) as workers:
    try:
        list(measure_rows(ld_data.load("ld-mnist1d-32"), ["mlp"], [0], Runner(workers)))
    except ModuleNotFoundError as error:
        print(error)
"""
NOISY = """
import os
os.write(2, b"a notice")
raise ModuleNotFoundError("of the worker")
"""


@pytest.mark.slow
def test_neither_the_library_nor_its_worker_processes_print_notices(tmp_path):
    """In another process, as TensorFlow prints once in each; its worker finds a Keras that does nothing else."""
    (tmp_path / "keras.py").write_text(NOISY)
    variables = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-c", QUIET, tmp_path]
    run = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "of the worker\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["nope", "openvino"])
def test_a_backend_that_is_not_installed_is_named(backend):
    result = run_process("eval", "classify", "mlp", "mnist1d", KERAS_BACKEND=backend)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: KERAS_BACKEND is {backend}, which cannot be imported")
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
class TestLightInstallations:
    """Those without any extra."""

    def test_these_commands_work(self):
        lines = [
            ("ld_data", "--help"),
            ("ld_data", "list"),
            ("ld_data", "verify", "ld-mnist1d-32"),
            ("ld_data", "build", "--help"),
            *((package, "--print-completion", "bash") for package in ("ld_data", "vae", "eval", "api")),
        ]
        for line, (status, out, errors) in zip(lines, run_light(*lines), strict=True):
            assert (status, errors) == (0, ""), line
            assert out, line

    def test_a_generator_and_scores_work(self, tmp_path):
        data = ld_data.load("ld-mnist1d-32")
        np.save(tmp_path / "predictions.npy", data.class_mean[data.test.label])
        generated, scored = run_light(
            ("ld_data", "generate", "mnist1d", "--num-samples", 20, "--out", tmp_path / "signals.npz"),
            ("eval", "score", "ld-mnist1d-32", tmp_path / "predictions.npy", "--json"),
        )
        assert generated[0] == 0
        assert json.loads(scored[1])["skill"] > 0.9

    def test_a_log_of_scores_is_proved(self, tmp_path):
        receipts = [make_receipt("score", {"score": {"mse": 1e-7}, "name": "ä"}, 1, NO_RECEIPT, "now")]
        receipts.append(make_receipt("score", {}, 2, receipts[0].sha256, "now"))
        log = tmp_path / "log.jsonl"
        log.write_text("".join(f"{receipt.text}\n" for receipt in receipts), "utf-8")
        forged = tmp_path / "forged.jsonl"
        forged.write_text(log.read_text("utf-8").replace("ä", "ö"), "utf-8")
        proved, refused = run_light(
            ("eval", "verify-log", log, "--receipt", receipts[0].sha256), ("eval", "verify-log", forged)
        )
        assert (proved[0], proved[2]) == (0, "")
        assert f"receipt {receipts[0].sha256} is line 1 of 2" in proved[1]
        assert refused[0] == 1

    def test_other_commands_say_what_to_install(self):
        extras = {
            "ld_data plots mnist1d --out plots": "plots",
            "ld_data build mnist1d": "train",
            "ld_data benchmark mnist1d": "plots",
            "vae info ld-mnist1d-32": "codec",
            "vae train mnist1d --out models": "train",
            "vae decoders ld-mnist1d-32": "train",
            "eval baselines ld-mnist1d-32": "train",
            "eval ladder linear --release ld-mnist1d-32": "sklearn",
            "eval transfer ld-mnist1d-32 ld-mnist-32 --model mlp": "train",
            "eval tsne mlp mnist1d --out a.png": "train",
            "eval reproduce mnist1d": "train",
            "eval study activation --quick": "studies",
            "eval study contrast --only cnn": "train",
            "eval study maps --only latents": "sklearn",
            "eval close-season ld-mnist1d-32 --scores README.md": "serve",
            "api": "serve",
            "api benchmark": "serve",
            "api soak": "serve",
        }
        finished = run_light(*(line.split() for line in extras))
        for (line, extra), (status, out, errors) in zip(extras.items(), finished, strict=True):
            assert (status, out) == (1, ""), line
            assert errors.startswith("error: this needs "), line
            assert errors.count("\n") == 1, line
            assert f'".[{extra}]"' in errors, line

    @pytest.mark.usefixtures("empty_home")
    def test_they_say_so_before_they_search_for_anything(self):
        """Nothing is to be found here: a search fails, or waits for a network that may be slow."""
        lines = (
            "ld_data health ld-mnist-32",
            "ld_data plots ld-mnist-32 --out plots",
            "ld_data build mnist",
            "vae info http://127.0.0.1:9/v1/datasets/ld-mnist-32",
            "eval judge ld-mnist-32",
            "eval classify mlp mnist",
            "eval train-judge mnist",
        )
        finished = run_light(*(line.split() for line in lines), LD_DATA_OFFLINE="0")
        for line, (status, _, errors) in zip(lines, finished, strict=True):
            assert status == 1, line
            assert errors.startswith("error: this needs "), line

    def test_a_codec_says_so_in_python_too(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        with pytest.raises(MissingLibraryError, match=r"needs onnxruntime.*\.\[codec\]"):
            vae.load("ld-mnist1d-32")
