import numpy as np
import pytest
from scipy import stats

from eval.studies.design.comparisons import check_figure, check_values
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import (
    Claim,
    PublishedFigure,
    Verdict,
    choose_form,
    judge,
    judge_close,
    judge_exact,
    list_exact,
    list_groups,
    pool,
    publish,
)
from tests.support.studies import make_trial

RESULTS = Results([make_trial(seed=seed, value=value) for seed, value in enumerate((1.0, 1.2, 1.1))])


@pytest.mark.parametrize(
    ("values", "bounds", "word"),
    [
        ([1.0, 1.2, 1.1], (0.0, np.inf), "holds"),
        ([1.0, 1.2, 1.1], (0.0, 1.2), "undecided"),
        ([1.0, 1.2, 1.1], (1.5, np.inf), "fails"),
        ([-1.0, -1.2, -1.1], (0.0, np.inf), "fails"),
        ([1.0, -1.0, 1.5], (0.0, np.inf), "undecided"),
        ([0.0, 0.0, 0.0], (0.0, np.inf), "fails"),  # no difference is no gain
        ([0.0, 0.0, 0.0], (-np.inf, 0.0), "holds"),
    ],
)
def test_a_verdict_follows_from_the_interval_over_seeds(values, bounds, word):
    assert judge(np.array(values), *bounds).word == word


def test_the_interval_is_that_of_student():
    values = np.array([1.0, 1.2, 1.1, 1.4])
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert judge(values, unit=" points").measured == f"1.18 points, 95 % interval {low:.2f} to {high:.2f}, 4 seeds"


def test_too_few_seeds_are_undecided_and_the_number_is_named():
    assert judge(np.array([5.0, 6.0])) == Verdict("undecided", "5.50; a verdict needs 3 seeds, there are 2")
    verdict = judge(np.array([1.0, -1.0, 1.5]))
    assert verdict.measured.endswith("; about 30 would decide")
    assert judge(np.array([1.0, -1.0, 0.0])).measured.endswith("; too near to decide")


def test_exact_points_are_judged_together():
    theory, errors = np.zeros(10), np.ones(10)
    measured = np.array([0.1] * 8 + [2.5, -2.0])
    verdict = judge_exact(measured, errors, theory)
    assert verdict == Verdict(
        "holds", "9 of 10 points within 2 standard errors; the farthest at 2.5, chance allows 2.8"
    )
    assert judge_exact(measured * 1.2, errors, theory).word == "fails"


def test_points_are_judged_by_their_distance_where_a_theory_is_not_exact():
    near, far, errors = np.array([1.0, 0.96]), np.array([1.0, 0.94]), np.full(2, 0.002)
    assert judge_close(near, errors, np.ones(2), 0.05).word == "holds"
    verdict = judge_close(far, errors, np.ones(2), 0.05)
    assert verdict == Verdict("fails", "the farthest of 2 points is -6.0% +- 0.4% from the formula")
    assert {judge_close(values, 10 * errors, np.ones(2), 0.05).word for values in (near, far)} == {"undecided"}


def test_a_claim_without_its_arm_or_point_is_undecided():
    def claim(arm, name):
        return Claim("a", "b", "c", check_figure(arm, name, 0))

    assert claim("first-teacher", "a").judge(RESULTS).word == "holds"
    assert claim("none", "a").judge(RESULTS) == Verdict("undecided", "not measured: none")
    missing = claim("first-teacher", "measured@7").judge(RESULTS)
    assert missing == Verdict("undecided", "not measured: measured@7")


def test_a_claim_about_arms_without_a_common_seed_is_undecided():
    results = Results([make_trial(seed=0), make_trial("second-release", seed=1)])
    arms = ("first-teacher", "second-release")
    claim = Claim("a", "b", "c", check_values(arms, lambda its: its.read(*arms)))
    assert claim.judge(results) == Verdict("undecided", "no seed in common: first-teacher, second-release")


def test_published_figures_stand_beside_ours():
    figures = publish("a table", "first-teacher", "measured", {0.1: 1.0, 0.5: 9.0}, lambda _: 0.2)
    rows = [figure.describe(RESULTS) for figure in figures]
    assert rows[0] == ("0.1", "1", "1.1 +- 0.1", "0.2", "within")
    assert rows[1] == ("0.5", "9", "2.0 +- 0.0", "0.2", "outside")
    other = PublishedFigure("another", "x", 1.25, None, "first-teacher", "a")
    assert other.describe(RESULTS) == ("x", "1.25", "1.10 +- 0.10", "", "")
    assert PublishedFigure("another", "x", 1.25, None, "none", "a").describe(RESULTS)[2] == "not measured"
    with pytest.raises(KeyError, match="misspelt"):
        PublishedFigure("a table", "x", 1.0, None, "first-teacher", "misspelt").describe(RESULTS)
    assert list_groups([*figures, other]) == ["a table", "another"]
    assert [choose_form(value) for value in (64.0, 68.5, 68.53, 1.716)] == [".1f", ".2f", ".2f", ".3f"]


def test_a_figure_that_some_trials_lack_names_their_number():
    figure = PublishedFigure("a table", "x", 47.0, 3.0, "first-teacher", "zero_from", optional=True)
    some = [make_trial(seed=seed, figures={"zero_from": value}) for seed, value in ((0, 46.0), (1, 48.0))]
    without = make_trial(seed=2)
    assert figure.describe(Results([*some, without]))[2:] == ("47.0 +- 1.4, 2 of 3 seeds", "3", "within")
    assert figure.describe(Results([without]))[2:] == ("0 of 1 seeds", "3", "")
    assert figure.describe(Results([]))[2:] == ("not measured", "3", "")


def test_the_error_of_pooled_points_shrinks_with_seeds():
    measured, errors = pool(RESULTS, "first-teacher")
    np.testing.assert_allclose(measured, [1.1, 2.0])
    np.testing.assert_allclose(errors, 0.1 / np.sqrt(3))
    assert list_exact(RESULTS, "first-teacher")[0] == ("0.1", "1", "1.1 +- 0.058", "1.7")
