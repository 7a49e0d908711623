import json
from dataclasses import replace

import pytest

from eval.classifiers.trials import Trial, add_trials, load_trials, summarise
from ld_data.errors import IntegrityError, MissingDataError

TRIAL = Trial("mlp", "mnist", "0", 0, 20, 60_000, 10_000, 669_706, 0.98, "tensorflow")
TRIALS = [TRIAL, replace(TRIAL, seed=1, accuracy=0.99)]


def test_trials_are_summarised():
    assert summarise(TRIALS).mean == pytest.approx(0.985)
    assert summarise(TRIALS).std == pytest.approx(0.01 / 2**0.5)


def test_trials_are_added_to_a_file_and_replace_those_of_the_same_seed(tmp_path):
    path = tmp_path / "new" / "trials.json"
    add_trials([TRIALS[1]], path)
    add_trials([TRIAL], path)
    assert load_trials(path) == TRIALS
    better = replace(TRIAL, accuracy=1.0)
    add_trials([better, replace(TRIAL, inputs="mnist, shuffled")], path)
    assert load_trials(path) == [better, TRIALS[1], replace(TRIAL, inputs="mnist, shuffled")]
    assert [file.name for file in path.parent.iterdir()] == ["trials.json"]


def test_missing_or_damaged_trials_are_refused(tmp_path):
    path = tmp_path / "trials.json"
    with pytest.raises(MissingDataError, match="reproduce TABLE --out"):
        load_trials(path)
    for damaged in ("{", "{}", "[1]", "1", json.dumps([{"classifier": "mlp"}]), json.dumps([{"none": 1}])):
        path.write_text(damaged)
        with pytest.raises(IntegrityError, match="no trials of classifiers"):
            load_trials(path)
