"""The commands, run as a user runs them but in this process; `test_docs.py` holds them against the README."""

import json

import keras
import numpy as np
import pytest

import eval.__main__ as eval_main
import ld_data
import ld_data.__main__ as data_main
import vae.__main__ as vae_main
from api.__main__ import main as serve_main
from api.app import make_app
from eval.leaderboard import Leaderboard
from ld_data.mnist1d import Mnist1dConfig, make_mnist1d
from tests.servers import serve


@pytest.fixture
def tiny_mnist1d(monkeypatch):
    """Let models of mnist1d be fitted on few signals."""
    monkeypatch.setattr("ld_data.source.MNIST1D_FIT_ROWS", 2000)


@pytest.fixture
def service(catalogue, tmp_path):
    with serve(make_app(catalogue, Leaderboard(tmp_path / "scores.sqlite"))) as address:
        yield address


def run(main, *arguments):
    return main([str(argument) for argument in arguments])


def run_json(capsys, main, *arguments):
    assert run(main, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


class TestLdData:
    def test_list(self, release, capsys):
        (row,) = run_json(capsys, data_main.main, "list")
        assert (row["name"], row["train"], row["test"], row["latent_dim"]) == ("fake-4", 60, 30, 4)
        run(data_main.main, "list")
        assert "fake-4" in capsys.readouterr().out

    def test_a_broken_release_is_listed_beside_the_others(self, release, capsys):
        (release.parent / "broken").mkdir()
        (release.parent / "broken" / "manifest.json").write_text("{")
        broken, whole = run_json(capsys, data_main.main, "list")
        assert "not a manifest" in broken["error"]
        assert whole["name"] == "fake-4"
        assert run(data_main.main, "list") == 0
        assert "broken: " in capsys.readouterr().out

    def test_list_of_nothing_says_what_to_do(self, checkpoints, capsys):
        assert run(data_main.main, "list") == 0
        assert "build one" in capsys.readouterr().out

    def test_verify(self, release, capsys):
        assert run(data_main.main, "verify", release) == 0
        (release / "data.npz").write_bytes(b"")
        assert run(data_main.main, "verify", "fake-4") == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert "data.npz" in error

    def test_health(self, release, capsys):
        assert set(run_json(capsys, data_main.main, "health", "fake-4")) == {"x_train", "y_train", "x_test", "y_test"}
        assert run(data_main.main, "health", "fake-4") == 0
        assert "worst |correlation|" in capsys.readouterr().out

    def test_generate(self, tmp_path):
        out = tmp_path / "signals.npz"
        arguments = ("generate", "mnist1d", "--out", out, "--num-samples", 50, "--padding", 10, 20, "--shuffle-seq")
        assert run(data_main.main, *arguments) == 0
        expected = make_mnist1d(Mnist1dConfig(num_samples=50, padding=(10, 20), shuffle_seq=True))
        with np.load(out) as arrays:
            assert np.array_equal(arrays["x"], expected.x)
            assert np.array_equal(arrays["y_test"], expected.y_test)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--out", "a.npy"), ".npz file"),
            (("--out", "exists.npz"), "not overwritten"),
            (("--out", "a.npz", "--num-samples", "3"), "num_samples must be 10 or more"),
            (("--out", "nowhere/a.npz"), "no folder nowhere"),
        ],
    )
    def test_generate_refuses_and_writes_nothing(self, tmp_path, monkeypatch, capsys, arguments, words):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "exists.npz").write_text("mine")
        assert run(data_main.main, "generate", "mnist1d", *arguments) == 1
        assert words in capsys.readouterr().err
        assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]

    @pytest.mark.parametrize("y_kind", ["cells", "gaussian"])
    def test_build_makes_a_verified_release(self, checkpoints, tiny_mnist1d, capsys, y_kind):
        arguments = ("build", "mnist1d", "--epochs", 1, "--latent-dim", 5, "--y", y_kind, "--seed", 3)
        assert run(data_main.main, *arguments) == 0
        assert "built and verified" in capsys.readouterr().out
        data = ld_data.load("ld-mnist1d-5")
        assert data.train.x.shape == (4000, 5)
        assert data.manifest.command == (
            f"python -m ld_data build mnist1d --seed 3 --y {y_kind} --latent-dim 5 --epochs 1"
        )
        assert {"python", "numpy", "scipy", "keras", keras.backend.backend()} == set(data.manifest.libraries)

    def test_the_same_seed_builds_the_same_bytes(self, tmp_path, tiny_mnist1d):
        contents = []
        for folder in (tmp_path / "a", tmp_path / "b"):
            arguments = ("build", "mnist1d", "--epochs", 1, "--latent-dim", 9, "--checkpoints", folder)
            assert run(data_main.main, *arguments) == 0
            contents.append({path.name: path.read_bytes() for path in (folder / "ld-mnist1d-9").iterdir()})
        assert contents[0] == contents[1]

    def test_build_refuses_before_it_trains_to_replace_what_is_no_release(self, checkpoints, capsys):
        (checkpoints / "ld-mnist1d-32").mkdir()
        assert run(data_main.main, "build", "mnist1d") == 1
        assert "is not a release" in capsys.readouterr().err

    @pytest.mark.parametrize("option", [("--latent-dim", 1), ("--seed", -1), ("--release", "A b"), ("--beta", "nan")])
    def test_build_refuses_before_it_trains(self, checkpoints, capsys, option):
        assert run(data_main.main, "build", "mnist1d", *option) == 1
        assert capsys.readouterr().err.startswith("error: ")
        assert list(checkpoints.iterdir()) == []

    def test_build_without_its_source_says_where_it_looked(self, checkpoints, empty_home, capsys):
        assert run(data_main.main, "build", "mnist") == 1
        assert "Looked for" in capsys.readouterr().err

    def test_download(self, service, release, tmp_path):
        assert run(data_main.main, "download", "fake-4", "--from", service, "--checkpoints", tmp_path / "new") == 0
        assert (tmp_path / "new" / "fake-4" / "data.npz").read_bytes() == (release / "data.npz").read_bytes()

    @pytest.mark.parametrize("arguments", [(), ("nope",), ("build", "cifar"), ("verify",)])
    def test_a_wrong_command_line_ends_with_2(self, arguments, capsys):
        with pytest.raises(SystemExit) as caught:
            run(data_main.main, *arguments)
        assert caught.value.code == 2
        assert "usage" in capsys.readouterr().err


class TestVae:
    def test_train_and_info(self, tmp_path, tiny_mnist1d, capsys):
        out = tmp_path / "models"
        assert run(vae_main.main, "train", "mnist1d", "--epochs", 1, "--latent-dim", 5, "--out", out) == 0
        capsys.readouterr()
        facts = run_json(capsys, vae_main.main, "info", out)
        assert (facts["latent_dim"], facts["y"]) == (5, "Cells")
        assert run(vae_main.main, "info", out) == 0
        assert "decoder_weights" in capsys.readouterr().out
        assert run(vae_main.main, "train", "mnist1d", "--out", out) == 1
        assert "not overwritten" in capsys.readouterr().err


class TestEval:
    @pytest.fixture
    def predictions(self, release, tmp_path):
        data = ld_data.load("fake-4")
        path = tmp_path / "predictions.npy"
        np.save(path, data.class_mean[data.test.label] + 0.1)
        return path

    def test_score(self, predictions, capsys):
        score = run_json(capsys, eval_main.main, "score", "fake-4", predictions)
        assert score["noise_free_mse"] == pytest.approx(0.01, rel=1e-4)
        assert run(eval_main.main, "score", "fake-4", predictions) == 0
        assert "skill" in capsys.readouterr().out

    def test_score_refuses_what_is_no_prediction(self, release, tmp_path, capsys):
        path = tmp_path / "a.npy"
        np.save(path, np.zeros((3, 4)))
        assert run(eval_main.main, "score", "fake-4", path) == 1
        assert "one row for each of the 30 test rows" in capsys.readouterr().err
        assert run(eval_main.main, "score", "fake-4", tmp_path / "nope.npy") == 1
        assert "No such file" in capsys.readouterr().err

    def test_baselines(self, release, capsys, monkeypatch):
        monkeypatch.setattr("eval.baselines.MLP_EPOCHS", 1)
        rows = run_json(capsys, eval_main.main, "baselines", "fake-4")
        assert [row["name"] for row in rows] == ["mean", "linear", "mlp"]
        assert run(eval_main.main, "baselines", "fake-4", "--only", "mean") == 0
        shown = capsys.readouterr().out
        assert "mean" in shown
        assert "linear" not in shown

    def test_submit_and_leaderboard(self, service, predictions, capsys):
        assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
        assert capsys.readouterr().out == "no scores yet\n"
        arguments = ("submit", "fake-4", predictions, "--name", "mine", "--to", service)
        assert run_json(capsys, eval_main.main, *arguments)["name"] == "mine"
        (entry,) = run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--from", service)
        assert entry["name"] == "mine"
        assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
        assert "mine" in capsys.readouterr().out

    def test_judge(self, checkpoints, tiny_mnist1d, capsys, monkeypatch):
        monkeypatch.setattr("eval.judges.STEPS", 1)
        monkeypatch.setattr("eval.judges.MIN_EPOCHS", 1)
        run(data_main.main, "build", "mnist1d", "--epochs", 1, "--latent-dim", 5)
        capsys.readouterr()
        reading = run_json(capsys, eval_main.main, "judge", "ld-mnist1d-5")
        assert set(reading) == {"originals", "decoded_samples", "decoded_means", "mse_samples", "mse_means"}


def test_the_service_tells_at_once_that_its_port_is_taken(service, checkpoints, tmp_path, capsys):
    arguments = ["--checkpoints", str(checkpoints), "--scores", str(tmp_path / "s"), "--port", service.split(":")[-1]]
    assert serve_main(arguments) == 1
    assert "Choose another with --port" in capsys.readouterr().err


def test_the_service_refuses_a_folder_that_is_not_there(tmp_path, capsys):
    assert serve_main(["--checkpoints", str(tmp_path / "nope")]) == 1
    assert "is not a folder" in capsys.readouterr().err
