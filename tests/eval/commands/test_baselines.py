import pytest

import eval.__main__ as eval_main
import ld_data
from eval import evaluate, summarise_seeds
from eval.kept.baselines import BaselineRow, save_rows, table_path
from tests.support.command_lines import run, run_json
from tests.support.fakes import add_shifts

pytestmark = pytest.mark.slow


def test_baselines(release, capsys, monkeypatch):
    monkeypatch.setattr("eval.commands.baselines.SHORT", ("mean", "linear"))
    rows = run_json(capsys, eval_main.main, "baselines", "fake-4")
    assert [row["name"] for row in rows] == ["mean", "linear"]
    assert run(eval_main.main, "baselines", "fake-4", "--only", "oracle") == 0
    shown = capsys.readouterr().out
    assert "oracle" in shown
    assert "linear" not in shown
    assert "seeds" not in shown
    assert "60 + 30 rows" in shown
    (limited,) = run_json(capsys, eval_main.main, "baselines", "fake-4", "--only", "linear", "--limit-train", 20)
    assert limited["summary"]["skill"]["mean"] < rows[1]["summary"]["skill"]["mean"]


def test_a_table_of_baselines_is_kept_and_checked(release, capsys):
    path = table_path("fake-4")
    few = ("baselines", "fake-4", "--only", "linear", "feedback-alignment", "--seeds", 2)
    assert run(eval_main.main, *few, "--out", path) == 0
    assert "over 2 seeds" in capsys.readouterr().out
    assert run(eval_main.main, *few, "--check") == 0
    path.write_text(
        path.read_text().replace('"decoded_accuracy": {\n    "mean": ', '"decoded_accuracy": {\n    "mean": 3')
    )
    assert run(eval_main.main, *few, "--check") == 1
    assert "was not reproduced. linear: decoded_accuracy is" in capsys.readouterr().err


def test_kept_figures_are_printed_and_nothing_is_fitted(release, capsys, monkeypatch):
    data = ld_data.load("fake-4")
    (score,) = scores = [evaluate(data.class_mean[data.test.label], data)]
    save_rows([BaselineRow("oracle", (0,), summarise_seeds(scores), score.null, score.floor)], table_path("fake-4"))
    monkeypatch.setattr("eval.commands.baselines.fit_rows", None)
    assert run(eval_main.main, "baselines", "fake-4", "--kept") == 0
    title, _, row, _ = capsys.readouterr().out.splitlines()
    assert title == "fake-4, 60 + 30 rows"
    assert row.split()[:2] == ["oracle", "1.000"]
    assert run(eval_main.main, "baselines", "fake-4", "--kept", "--only", "mlp") == 1
    assert "have no mlp. They have: oracle." in capsys.readouterr().err


def test_a_name_given_twice_is_measured_once(release, capsys):
    rows = run_json(capsys, eval_main.main, "baselines", "fake-4", "--only", "linear", "mean", "linear")
    assert [row["name"] for row in rows] == ["linear", "mean"]


def test_a_table_is_checked_with_as_many_seeds_as_it_has(release, capsys):
    path = table_path("fake-4")
    few = ("baselines", "fake-4", "--only", "feedback-alignment")
    assert run(eval_main.main, *few, "--seeds", 5, "--out", path) == 0
    assert run(eval_main.main, *few, "--check") == 0
    assert run(eval_main.main, *few, "--seeds", 1, "--check") == 1
    assert "measured with the seeds 0; expected the committed 0, 1, 2, 3, 4." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--seeds", 0), "seeds must be from 1 to 1000; received 0"),
        (("--seeds", -1), "seeds must be from 1 to 1000; received -1"),
        (("--seed", -1), "seed must be from 0 to 4294967295; received -1"),
        (("--out", "."), "--out must name a file; . is a folder. Try fake-4.json."),
        (("--check",), "no figures of baselines at"),
        (("--check", "--limit-train", 9), "kept figures are of all training rows"),
        (("--kept", "--check"), "--kept fits nothing, so --check"),
        (("--limit-train", 1), "rows must be from 2 to"),
    ],
)
def test_bad_options_are_refused_before_anything_is_measured(release, options, words, capsys):
    assert run(eval_main.main, "baselines", "fake-4", "--only", "feedback-alignment", *options) == 1
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


def test_shifts(release, capsys):
    assert run(eval_main.main, "shifts", "fake-4") == 1
    assert "no shifted test sets. Make some with `python -m ld_data shifts fake-4`" in capsys.readouterr().err
    add_shifts(release)
    words = ("shifts", "fake-4", "--only", "linear", "oracle")
    rows = run_json(capsys, eval_main.main, *words)
    assert [row["name"] for row in rows] == ["linear", "oracle"]
    linear, oracle = rows
    assert list(linear["summaries"]) == ["test", "noise", "scale"]
    skills = {name: summary["skill"]["mean"] for name, summary in linear["summaries"].items()}
    assert linear["losses"]["scale"]["mean"] == pytest.approx(skills["scale"] - skills["test"])
    assert linear["losses"]["scale"]["mean"] < 0
    assert [loss["mean"] for loss in oracle["losses"].values()] == [0, 0]
    assert run(eval_main.main, *words) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].split() == ["baseline", "skill", "noise", "scale"]
    assert shown[3].split() == ["oracle", "1.000", "0.000", "0.000"]


def test_tune(release, capsys):
    errors = run_json(capsys, eval_main.main, "tune", "fake-4", "feedback-alignment")
    assert list(errors) == ["0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1"]
    assert run(eval_main.main, "tune", "fake-4", "feedback-alignment") == 0
    assert capsys.readouterr().out.split()[:4] == ["learning", "rate", "held-out", "MSE"]
