import pytest

import ld_data
import vae
import vae.__main__ as vae_main
from tests.support.command_lines import QUICK, place_judge, run, run_json
from vae.decoders.alternatives import train_alternative

pytestmark = pytest.mark.slow


def test_train_and_info(tmp_path, tiny_mnist1d, built_mnist1d, capsys, monkeypatch):
    """With the models that `build` has trained for the same options."""
    given, codec, out = [], vae.load(built_mnist1d), tmp_path / "models"
    monkeypatch.setattr("vae.training.train.train_codec", lambda *arguments: given.append(arguments) or codec)
    trained = run_json(capsys, vae_main.main, "train", *QUICK[1:], "--latent-dim", 5, "--out", out)
    ((source, recipe),) = given
    assert (source.name, recipe.name, recipe.y) == ("mnist1d", "mnist1d", "cells")
    assert (recipe.x.latent_dim, recipe.x.epochs, recipe.x.flow_epochs, recipe.x.seed) == (5, 1, 1, 0)
    assert trained["path"] == str(out)
    assert (out / "preset.json").is_file()
    facts = run_json(capsys, vae_main.main, "info", out)
    assert (facts["latent_dim"], facts["y"]) == (5, "Cells")
    assert run(vae_main.main, "info", out) == 0
    assert "decoder_bytes" in capsys.readouterr().out
    assert run(vae_main.main, "train", "mnist1d", "--out", out) == 1
    assert "not overwritten" in capsys.readouterr().err


def test_decoders(copied_mnist1d, stored_judge, capsys, monkeypatch):
    networks = {}

    def train_once(name, *arguments):
        if name not in networks:
            networks[name] = train_alternative(name, *arguments)
        return networks[name]

    monkeypatch.setattr("vae.decoders.comparison.train_alternative", train_once)
    monkeypatch.setattr("vae.decoders.comparison.PEAK_WIDTH", 64)
    monkeypatch.setattr("vae.decoders.comparison.TURN_ROWS", 1)
    few = ("decoders", copied_mnist1d.name, "--only", "dense-512-512", "--steps", 2)
    assert run(vae_main.main, *few) == 0
    assert "trained" in capsys.readouterr().out
    place_judge(stored_judge)
    published, other = run_json(capsys, vae_main.main, *few)
    assert (published["name"], other["name"]) == ("published", "dense-512-512")
    health = ld_data.load(copied_mnist1d.name).manifest.health["decoded"]
    for measure in ("mse_samples", "mse_means"):
        assert published["measures"][measure] == pytest.approx(health[measure]["value"])
    assert (published["measures"]["normals_mse"], published["measures"]["normals_judge"]) == (0, 1)
    assert other["measures"]["normals_mse"] > 0
    assert published["seconds"] is None
    assert other["seconds"] > 0
    assert run(vae_main.main, *few[:2], "--only", "subpixel") == 1
    assert "no decoder 'subpixel' for inputs (40,)" in capsys.readouterr().err
    assert run(vae_main.main, *few[:2], "--steps", 0) == 1
    assert "--steps must be 1 or more" in capsys.readouterr().err
