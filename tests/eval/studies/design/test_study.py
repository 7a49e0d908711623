import pytest

from eval.names import STUDIES
from eval.studies.design.study import find_study
from eval.studies.design.trials import Results
from ld_data.errors import UnknownNameError
from tests.support.studies import make_study, make_trial

ALL = [find_study(name) for name in STUDIES]


@pytest.mark.parametrize("study", ALL, ids=[study.name for study in ALL])
def test_every_study_is_whole(study):
    assert STUDIES[study.name]
    assert study.claims
    arms = set(study.arms)
    assert {arm for claim in study.claims for arm in claim.test.arms} <= arms
    assert {figure.arm for figure in study.published} <= arms
    assert set(study.exact) <= arms
    for arm in study.arms.values():
        assert set(arm.quick) <= set(arm.plan)
        if arm.engine == "numpy":
            assert callable(arm.find_measure())
    text = study.describe(Results([]))
    assert text.count("UNDECIDED") == len(study.claims)
    assert all(claim.name in text and claim.source in text for claim in study.claims)
    assert list(study.draw(Results([]))) == []


def test_an_unknown_study_or_arm_lists_all():
    with pytest.raises(UnknownNameError, match=r"no study 'none'\. Known: double-descent, learning-rate, lottery"):
        find_study("none")
    with pytest.raises(UnknownNameError, match=r"no arm 'fir'\. Its arms: first-teacher, second-release"):
        make_study().choose(["fir"])


def test_arms_are_chosen_by_name_or_first_word():
    study = make_study()
    assert study.choose(None) is study
    assert list(study.choose(["second", "first-teacher"]).arms) == ["first-teacher", "second-release"]
    chosen = study.choose(["first"])
    assert list(chosen.arms) == ["first-teacher"]
    assert [claim.name for claim in chosen.claims] == ["A claim."]
    assert len(chosen.published) == len(chosen.exact) == 1
    assert study.choose(["second"]).published == []


def test_results_are_those_of_one_protocol():
    study, trial = make_study(), make_trial()
    assert trial.protocol == "full: batch_rows=5 rates=0.1,0.5 runs=3 steps=4 teacher=True"
    other = [make_trial(seed=1, protocol="quick: steps=4"), make_trial(seed=2, arm="first-teacher")]
    assert study.take_results([trial, *other]).list_seeds("first-teacher") == [0, 2]
    assert study.take_results([trial], quick=True).trials == {}


def test_the_table_has_arms_claims_and_figures():
    text = make_study().describe(Results([make_trial(seed=seed, value=1 + seed / 10) for seed in range(3)]))
    assert text.startswith("learning-rate: is the study small?\n\narm")
    assert "HOLDS: A claim.\n  measured: 1.10, 95 % interval 0.85 to 1.35, 3 seeds\n  published: 1.5 (a page)" in text
    assert "UNDECIDED: Another.\n  measured: not measured: second-release" in text
    assert "a table\n" in text
    assert "within" in text
    assert "exact and measured: excess over the rate\n" in text
