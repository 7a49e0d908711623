"""The claims, fed with the published curves: the notebook's own figures get the verdicts that its page gives them."""

import numpy as np
import pytest

from eval.studies.design.study import find_study
from eval.studies.design.trials import Trial
from eval.studies.double_descent.published import (
    CHANNELS,
    CLEAN,
    CLEAN_ERRORS,
    CNN,
    CNN_ERRORS,
    NOISY,
    NOISY_ERRORS,
    WIDTHS,
)
from eval.studies.double_descent.widths import summarise

STUDY = find_study("double-descent")


def make_trials(arm, widths, errors, peak, left=0.0):
    """Three trials with these test errors, and a loss that peaks at a width."""
    trials = []
    for seed in range(3):
        at = np.array(widths, float)
        loss = 5 - np.abs(np.log(at / peak)) + 0.01 * seed
        rows = np.stack([np.where(at > peak, left, 5.0), np.array(errors) + 0.1 * seed, loss, loss], axis=1)
        outcome = summarise(widths, rows, first=0 if arm == CNN else 12)
        protocol = STUDY.arms[arm].describe_protocol(quick=False)
        trials.append(Trial(STUDY.name, arm, seed, protocol, "0", "numpy", outcome.figures, outcome.curves, 1.0))
    return trials


def judge_all(*trials):
    results = STUDY.take_results([trial for its in trials for trial in its])
    return {claim["name"]: claim["verdict"] for claim in STUDY.judge(results) if claim["verdict"] != "undecided"}


def test_the_notebook_s_own_figures_hold_and_contradict_the_blog():
    verdicts = judge_all(
        make_trials(CLEAN, WIDTHS, CLEAN_ERRORS, 47),
        make_trials(NOISY, WIDTHS, NOISY_ERRORS, 61),
        make_trials(CNN, CHANNELS, CNN_ERRORS, 26),
    )
    failed = {name for name, verdict in verdicts.items() if verdict == "fails"}
    assert failed == {
        "The effect is much less pronounced in convolutions than in perceptrons.",
        "With wrong labels, NLL peaks where there are n parameters, within a factor of 1.4.",
    }
    assert len(verdicts) == 9


def judge_curve(arm, values):
    """The verdict of the claim that a curve `(seeds, places)` of an arm has a peak."""
    widths, curve = (CHANNELS, "test_error") if arm == CNN else (WIDTHS, "test_loss")
    protocol, at = STUDY.arms[arm].describe_protocol(quick=False), [float(width) for width in widths]
    trials = [
        Trial(STUDY.name, arm, seed, protocol, "0", "numpy", {}, {"at": at, curve: list(own)}, 1.0)
        for seed, own in enumerate(values)
    ]
    (claim,) = (claim for claim in STUDY.claims if claim.test.arms == (arm,) and "has a peak:" in claim.name)
    return claim.judge(STUDY.take_results(trials)).word


@pytest.mark.parametrize("arm", [CLEAN, CNN])
def test_a_peak_holds_and_a_monotone_curve_or_noise_does_not(arm):
    places = len(CHANNELS if arm == CNN else WIDTHS)
    small = 0.01 * np.random.default_rng(0).normal(size=(5, places))
    hill = -np.abs(np.arange(places) - places * 0.55)
    assert judge_curve(arm, hill + small) == "holds"
    assert judge_curve(arm, np.arange(places) + small) == "fails"
    assert judge_curve(arm, small - np.arange(places)) == "fails"
    noise = np.random.default_rng(1).normal(size=(200, 5, places))
    assert np.mean([judge_curve(arm, own) == "holds" for own in noise]) < 0.05


def test_a_rise_at_36_contradicts_the_claim_about_true_labels():
    errors = [*CLEAN_ERRORS]
    errors[WIDTHS.index(36)] += 6
    verdicts = judge_all(make_trials(CLEAN, WIDTHS, errors, 47))
    assert [verdict for name, verdict in verdicts.items() if "has no peak" in name] == ["fails"]


@pytest.mark.parametrize(("peak", "verdict"), [(176, "holds"), (61, "fails")])
def test_the_threshold_of_squared_errors_is_judged(peak, verdict):
    arm = "mlp-noisy-mse"
    widths = STUDY.arms[arm].plan["widths"]
    name = "With wrong labels, MSE peaks where there are n K parameters, within a factor of 1.4."
    assert judge_all(make_trials(arm, widths, [50] * len(widths), peak)) == {name: verdict}
    assert judge_all(make_trials(arm, widths, [50] * len(widths), peak, left=2.0)) == {}


def test_pictures_show_the_arms_that_have_results():
    results = STUDY.take_results(
        make_trials(CLEAN, WIDTHS, CLEAN_ERRORS, 47) + make_trials(CNN, CHANNELS, CNN_ERRORS, 26)
    )
    pictures = {picture.name: picture for picture in STUDY.draw(results)}
    assert list(pictures) == ["double-descent-error", "double-descent-loss"]
    titles = [panel.title for panel in pictures["double-descent-error"].panels]
    assert titles == ["perceptrons, true labels", "convolutions, 15 % of labels redrawn"]
    assert pictures["double-descent-error"].panels[0].marks == pytest.approx(
        {"n parameters": 42.3, "n K parameters": 175.7}, abs=0.1
    )


def test_latents_are_judged_and_drawn():
    trials = []
    for name, arm in STUDY.arms.items():
        if name.startswith("latents"):
            exact = {"measured": [1.0, 1.1], "error": [0.01, 0.01], "theory": [1.0, 1.1], "test_loss": [1.0, 2.0]}
            protocol, peak = arm.describe_protocol(quick=False), {"peak": 0.1}
            for seed in range(3):
                curves = {"at": [8.0, 512.0]} | exact
                trials.append(Trial(STUDY.name, name, seed, protocol, "0", "numpy", peak, curves, 1.0))
    results = STUDY.take_results(trials)
    verdicts = [claim["verdict"] for claim in STUDY.judge(results) if claim["verdict"] != "undecided"]
    assert verdicts == ["holds"] * 7
    (picture,) = STUDY.draw(results)
    assert (
        picture.caption
        == "Error of least squares on latents, measured and by its formula, and of networks over their parameters"
    )
    assert len(picture.panels) == 4
