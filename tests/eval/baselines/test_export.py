from dataclasses import replace

import numpy as np
import pytest

import eval.__main__ as eval_main
import ld_data
from eval import evaluate
from eval.baselines.export import list_layers, write_network
from eval.baselines.perceptrons import PLAN, fit_mlp
from eval.baselines.regressors import fit_linear
from eval.kept.models import find_models, load_model, models_folder
from eval.rules.feedback_alignment import FeedbackAlignment
from eval.rules.network import RulePlan
from ld_data.errors import InputError
from tests.support.command_lines import run, run_json

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch):
    monkeypatch.setattr("eval.baselines.perceptrons.UNITS", (16, 8))
    monkeypatch.setattr("eval.baselines.perceptrons.PLAN", replace(PLAN, epochs=1))
    monkeypatch.setattr(FeedbackAlignment, "plan", RulePlan(units=(8,), epochs=1))


def test_an_exported_network_predicts_as_the_fitted_one(release, tmp_path):
    data = ld_data.load("fake-4")
    facts = {"release": "fake-4", "data_sha256": data.test_sha256, "skill": 0.5}
    rule = FeedbackAlignment([4, 8, 4], np.random.default_rng(0))
    rule.weights[-1] += 1
    for name, model in (("mlp", fit_mlp(data, 0)), ("feedback-alignment", rule)):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(write_network(list_layers(name, model), facts))
        kept = load_model(path)
        assert (kept.name, kept.release, kept.data_sha256, kept.skill) == (name, *facts.values())
        predict = getattr(model, "predict", model)
        assert np.abs(kept(data.test.x) - predict(data.test.x)).max() < 1e-5


def test_only_perceptrons_are_exported(release):
    with pytest.raises(InputError, match="linear is no perceptron of dense layers"):
        list_layers("linear", fit_linear(ld_data.load("fake-4"), 0))


def test_the_command_writes_models_that_score_as_they_say(release, capsys):
    out = models_folder("fake-4")
    written = run_json(capsys, eval_main.main, "export-baselines", "fake-4", "--out", out)
    data = ld_data.load("fake-4")
    models = find_models("fake-4", data.test_sha256)
    assert {model.name for model in models} == {"mlp", "feedback-alignment"} == set(written)
    for model in models:
        assert evaluate(model, data).skill == pytest.approx(model.skill, abs=1e-4)
        assert written[model.name]["bytes"] == (out / f"{model.name}.onnx").stat().st_size
    first = (out / "mlp.onnx").read_bytes()
    assert run(eval_main.main, "export-baselines", "fake-4", "--out", out, "--only", "mlp") == 0
    assert (out / "mlp.onnx").read_bytes() == first
    assert find_models("fake-4", "another version") == []
