import json
from dataclasses import asdict, replace

import pytest

from eval.kept.baselines import find_rows, save_rows, table_path
from eval.kept.rules import RuleTrial, add_trial, find_differences, find_trials, load_trials, trials_path
from ld_data.errors import IntegrityError, MissingDataError

PLAN = {"units": [8], "learning_rate": 0.01, "epochs": 2, "batch_rows": 32}
MACS = {"forward": 64.0, "back": 32.0, "update": 64.0, "total": 160.0}
FIGURES = {"null": 1.0, "floor": 0.9, "mse": 0.95, "noise_free_mse": 0.05, "skill": 0.5, "decoded_accuracy": 0.8}
COST = {"parameters": 100, "macs_per_row": MACS, "memory_bytes": 1000, "skills": [0.2, 0.4], "cpu_seconds": [1.0, 2.0]}
TRIAL = RuleTrial("hebbian", PLAN, 0, "fake", "data", "train", 600, **FIGURES, **COST, alignment=None)


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("LD_DATA_CHECKPOINTS", str(tmp_path))
    return trials_path("fake")


def test_a_trial_is_read_as_it_was_written_one_on_a_line(path):
    trials = [replace(TRIAL, rule=rule, seed=seed) for rule in ("backpropagation", "hebbian") for seed in (0, 1)]
    for trial in reversed(trials):
        add_trial(trial, path)
    assert load_trials(path) == trials
    assert len(path.read_text().splitlines()) == 6
    assert [own.name for own in path.parent.iterdir()] == ["fake.json"]


def test_a_trial_replaces_those_that_it_makes_obsolete(path):
    other = replace(TRIAL, rule="backpropagation")
    for trial in (other, TRIAL, replace(TRIAL, seed=1), replace(TRIAL, seed=1, skill=0.6)):
        add_trial(trial, path)
    assert load_trials(path) == [other, TRIAL, replace(TRIAL, seed=1, skill=0.6)]
    for changed in (replace(TRIAL, plan=PLAN | {"epochs": 3}), replace(TRIAL, train_sha256="new")):
        add_trial(changed, path)
        assert load_trials(path) == [other, changed]


def test_trials_of_another_version_or_rule_are_missing(path):
    with pytest.raises(MissingDataError, match=r"no trials of rules at .* `python -m eval rules fake --out .*/rules`"):
        find_trials("fake", "data")
    add_trial(TRIAL, path)
    assert find_trials("fake", "data", only=["hebbian"]) == [TRIAL]
    with pytest.raises(MissingDataError, match="of another version of fake"):
        find_trials("fake", "other")
    with pytest.raises(MissingDataError, match=r"has no trials of forward-forward\."):
        find_trials("fake", "data", only=["hebbian", "forward-forward"])
    for values in ({"rule": "hebbian"}, asdict(TRIAL) | {"rule": "nope"}, asdict(TRIAL) | {"skill": None}):
        path.write_text(json.dumps([values]))
        with pytest.raises(IntegrityError, match="no trials of rules"):
            find_trials("fake", "data")


def test_a_last_cosine_beyond_the_spread_is_reported():
    kept = replace(TRIAL, alignment={"cosines": [[0.2, None], [0.5, 1.0]]})
    turned = replace(TRIAL, alignment={"cosines": [[0.2, None], [-0.5, 1.0]]})
    assert find_differences([kept], [kept]) == []
    (sentence,) = find_differences([turned], [kept])
    assert sentence.startswith("hebbian: last cosine of layer 1 is -0.50000, committed 0.50000")


def test_trials_are_summed_up_among_the_baselines(path):
    for seed, skill in enumerate((0.4, 0.6)):
        add_trial(replace(TRIAL, seed=seed, skill=skill), path)
    (row,) = find_rows("fake", "data")
    assert (row.name, row.seeds, row.summary.n, row.null, row.floor) == ("hebbian", (0, 1), 2, 1.0, 0.9)
    assert (row.summary.skill.mean, row.summary.skill.std) == pytest.approx((0.5, 0.1 * 2**0.5))
    save_rows([replace(row, name="linear"), replace(row, seeds=(7,))], table_path("fake"))
    rows = find_rows("fake", "data")
    assert [(own.name, own.seeds) for own in rows] == [("linear", (0, 1)), ("hebbian", (0, 1))]


def test_a_figure_beyond_the_spread_of_all_kept_seeds_is_reported():
    kept = [replace(TRIAL, seed=seed, skill=0.5 + 0.1 * seed) for seed in range(3)]
    assert find_differences([replace(TRIAL, skill=0.59)], kept) == []
    (sentence,) = find_differences([replace(TRIAL, skill=0.61)], kept)
    assert sentence.startswith("hebbian: skill is 0.61000, committed 0.50000")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 9}, "hebbian has no kept trial of each of these seeds; it has those of 0."),
        ({"plan": {}}, "hebbian was measured with another plan, or on another version of fake."),
        ({"version": 2}, "hebbian was measured with another plan, or on another version of fake."),
        ({"parameters": 1}, "hebbian: parameters is 1, committed"),
        ({"alignment": {"cosines": [[1.0]]}}, "hebbian has an alignment of other layers"),
        ({"macs_per_row": None}, "hebbian: macs_per_row is None, committed {'forward': 64.0"),
    ],
)
def test_other_conditions_and_other_work_are_reported(changes, words):
    (sentence,) = find_differences([replace(TRIAL, **changes)], [TRIAL])
    assert sentence.startswith(words)
