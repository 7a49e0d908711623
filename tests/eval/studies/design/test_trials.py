import json
from dataclasses import replace

import numpy as np
import pytest

from eval.studies.design.trials import (
    Outcome,
    Results,
    add_trial,
    check_kept,
    find_differences,
    load_trials,
    round_outcome,
    trials_path,
)
from ld_data.errors import InputError, IntegrityError, MissingDataError
from tests.support.studies import make_trial

TRIALS = [make_trial(seed=seed, value=value) for seed, value in enumerate((1.0, 1.2, 1.1))]


def test_trials_are_added_one_by_one_and_replaced_by_key(tmp_path):
    path = tmp_path / "trials.json"
    for trial in (*TRIALS, replace(TRIALS[0], cpu_seconds=9.0)):
        add_trial(trial, path)
    loaded = load_trials(path, "learning-rate")
    assert [trial.seed for trial in loaded] == [0, 1, 2]
    assert loaded[0].cpu_seconds == 9.0
    assert loaded[1] == TRIALS[1]
    assert len(path.read_text().splitlines()) == 5  # a line for each trial


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "trials.json"
    with pytest.raises(MissingDataError, match="python -m eval study learning-rate --out"):
        load_trials(path, "learning-rate")
    path.write_text(json.dumps([{"classifier": "mlp"}]))
    with pytest.raises(IntegrityError, match="no trials of the study learning-rate"):
        load_trials(path, "learning-rate")
    path.unlink()
    add_trial(TRIALS[0], path)
    with pytest.raises(IntegrityError, match="expected trials of lottery; received one of learning-rate"):
        load_trials(path, "lottery")


def test_a_trial_finds_figures_and_points_of_curves():
    trial = make_trial(value=3.0)
    assert (trial.find("a"), trial.find("measured@0.1"), trial.find("measured@0.5")) == (3.0, 3.0, 2.0)
    for name in ("b", "measured@0.2", "other@0.1"):
        with pytest.raises(KeyError):
            trial.find(name)


def test_results_pair_the_seeds_that_arms_share():
    results = Results([*TRIALS, make_trial("second-release", seed=2, value=5.0)])
    assert results.list_seeds("first-teacher", "second-release") == [2]
    assert results.read("first-teacher", "a").tolist() == [1.0, 1.2, 1.1]
    assert results.read("first-teacher", "a", "second-release").tolist() == [1.1]
    assert results.read_curve("first-teacher", "measured").shape == (3, 2)
    assert results.read_axis("first-teacher").tolist() == [0.1, 0.5]


def test_values_are_rounded_and_must_be_finite():
    outcome = round_outcome(Outcome({"a": 1.23456789}, {"at": np.array([1, 2.0000001])}), "a run")
    assert outcome.figures == {"a": 1.2346}
    assert outcome.curves == {"at": [1.0, 2.0]}
    with pytest.raises(InputError, match="a run: b is nan, so the training diverged"):
        round_outcome(Outcome({}, {"at": [1], "b": [np.nan]}), "a run")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "full: steps=5"}, "there is full: batch_rows=5"),
        ({"inputs_sha256": "1" * 64}, "data 11111111, numpy; there is full: .* data 00000000, numpy"),
        ({"engine": "keras-jax"}, "keras-jax; there is .* numpy"),
        ({"seed": 7}, "seed 7: .*; there is none"),
    ],
)
def test_kept_trials_of_another_origin_are_refused(changes, words):
    check_kept(TRIALS, TRIALS)
    with pytest.raises(InputError, match=words):
        check_kept([replace(TRIALS[0], **changes)], TRIALS)


def test_differences_are_beyond_the_spread_of_the_kept_seeds():
    assert find_differences(TRIALS[:1], TRIALS) == []
    assert find_differences([make_trial(value=1.09)], TRIALS) == []
    sentences = find_differences([make_trial(value=1.2)], TRIALS)
    assert sentences[0] == "first-teacher: a is 1.20000, committed 1.00000, spread 0.10100."


def test_points_of_curves_are_compared_with_a_relative_floor():
    def make(second):
        return make_trial(figures={}, curves={"at": [0.1, 0.5], "energy": [0.5, second]})

    assert find_differences([make(0.0093)], [make(0.0093)]) == []
    assert find_differences([make(0.00931)], [make(0.0093)]) == [
        "first-teacher: energy@0.5 is 0.00931, committed 0.00930, spread 0.00001."
    ]


def test_figures_that_one_side_lacks_are_differences():
    more = make_trial(figures={"a": 1.0, "zero_from": 47.0})
    kept = [make_trial(), make_trial(seed=1, figures={"a": 1.0, "zero_from": 9.0})]
    assert find_differences([more], kept) == ["first-teacher, seed 0: not kept: zero_from."]
    assert find_differences([make_trial(seed=1)], kept) == ["first-teacher, seed 1: kept, but absent: zero_from."]
    assert find_differences([make_trial()], kept) == []


def test_kept_trials_lie_beside_the_releases(checkpoints):
    assert trials_path("lottery") == checkpoints / "studies" / "lottery.json"
