from dataclasses import replace

import pytest

from eval.baselines.registry import score_baseline
from eval.kept.rules import load_trials
from eval.report import keeping
from eval.report.keeping import describe_trials, measure_trials
from eval.report.output.text import write_rules
from eval.rules.backpropagation import Backpropagation
from eval.rules.feedback_alignment import FeedbackAlignment

NAMES = ("backpropagation", "feedback-alignment")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "fake.json"


@pytest.fixture(scope="module")
def trials(data, path):
    """The trials of two small rules from two seeds, kept in a file."""
    with pytest.MonkeyPatch.context() as patch:
        for rule in (Backpropagation, FeedbackAlignment):
            patch.setattr(rule, "plan", replace(rule.plan, units=(8, 8), epochs=3, batch_rows=32, learning_rate=1e-2))
        yield measure_trials(data, NAMES, (0, 1), path=path)


def test_a_trial_holds_what_a_report_measures(trials, data):
    first = trials[0]
    assert [(own.rule, own.seed) for own in trials] == [(name, seed) for name in NAMES for seed in (0, 1)]
    assert first.skill == pytest.approx(score_baseline("backpropagation", data, 0).skill, abs=1e-7)
    assert first.macs_per_row == {"forward": 128, "back": 96, "update": 128, "total": 352}
    assert first.parameters == 5 * 8 + 9 * 8 + 9 * 4
    assert first.memory_bytes > 1000
    assert len(first.skills) == len(first.cpu_seconds) == 3
    assert first.alignment["steps"][0] == 1
    assert first.alignment["cosines"][-1] == [1, 1, 1]
    assert first.alignment["angles"][-1] == []
    assert len(trials[2].alignment["angles"][-1]) == 2


def test_trials_that_a_file_holds_are_not_trained_again(trials, data, path, monkeypatch):
    assert load_trials(path) == trials
    trained, run = [], keeping.run_trials
    monkeypatch.setattr(keeping, "run_trials", lambda bench, own, *rest: trained.extend(own) or run(bench, own, *rest))
    assert measure_trials(data, NAMES, (0, 1), path=path) == trials
    assert trained == []
    path.write_text("\n".join(path.read_text().splitlines()[:2]).rstrip(",") + "\n]")  # a run that stopped
    again = measure_trials(data, NAMES[:1], (0, 1), path=path)
    assert [(trial.rule, trial.seed) for trial in trained] == [("backpropagation", 1)]
    assert [own.skill for own in again] == [own.skill for own in trials[:2]]
    monkeypatch.setattr(Backpropagation, "plan", replace(Backpropagation.plan, epochs=2))
    measure_trials(data, NAMES[:1], (0,), path=path)
    assert trained[-1].plan.epochs == 2


def test_trials_are_described_as_a_report(trials):
    values = describe_trials(trials)
    assert values["seeds"] == [0, 1]
    assert set(values["rules"]) == set(NAMES)
    own = values["rules"]["feedback-alignment"]
    assert own["figures"]["skill"]["values"] == [trial.skill for trial in trials[2:]]
    assert own["cost"]["training_rows"] == 3 * 16 * 32
    assert own["cost"]["cpu_seconds"]["values"] == [trial.cpu_seconds[-1] for trial in trials[2:]]
    assert len(own["alignment"]["angles"]) == 2


def test_the_tables_name_what_was_not_measured(trials):
    values = describe_trials([*trials[2:], *(replace(own, alignment=None, macs_per_row=None) for own in trials[:2])])
    text = write_rules(values)
    assert text.startswith("fake, 600 training rows, 2 seeds\n")
    rows = [line for line in text.splitlines() if line.startswith("backpropagation")]
    assert "not measured" in rows[1]
    assert "not counted" in rows[2]
    assert "in degrees" in text
    assert "in degrees" not in write_rules(describe_trials(trials[:2]))
