"""The claims about double descent, and how each one is judged."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from eval.studies.design.comparisons import check_figure, check_theory, check_values, compare_figures
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, ClaimTest, Verdict, judge
from eval.studies.double_descent.published import BOOK, CLEAN, CNN, NOISY, NOTEBOOK
from eval.studies.double_descent.widths import count_parameters, find_threshold
from ld_data.typing import Doubles

ROWS, CLASSES, SIGNAL = 4_000, 10, 40
FEW_ROWS, LATENT_DIM = 500, 32
POINTS, BLOG = " points", "blog of 2020"
NEAR = 8  # closer to p = n, errors have tails so heavy that their standard errors mislead
SQUARED_CLEAN, SQUARED_NOISY = "mlp-clean-mse", "mlp-noisy-mse"
PARAMETERS, OF_ROWS, TEACHER = "latents-parameters", "latents-rows", "latents-teacher"
OUTPUTS = {  # widths around the predicted threshold, by the number of outputs K
    1: (3, 5, 7, 9, 11, 14, 18, 25, 40),
    4: (10, 15, 20, 25, 30, 36, 45, 60, 90),
    16: (25, 37, 50, 60, 68, 78, 95, 130, 190),
    32: (36, 54, 72, 86, 98, 112, 135, 190),
}


def name_outputs(outputs: int) -> str:
    """Return the name of the arm of networks with so many outputs."""
    return f"latents-outputs-{outputs}"


def _average(results: Results, arm: str, name: str, places: Sequence[int], *others: str) -> Doubles:
    return np.mean([results.read(arm, f"{name}@{place}", *others) for place in places], axis=0)


def _judge_hill(
    arm: str, name: str, before: Sequence[int], peak: Sequence[int], after: int, unit: str, results: Results
) -> Verdict:
    """Return whether a curve is higher at the places of its peak than before and after.

    All places are fixed: the largest value of several would exceed the others by noise alone.
    """
    low, top = (_average(results, arm, name, places) for places in (before, peak))
    return judge(np.minimum(top - low, top - results.read(arm, f"{name}@{after}")), unit=unit)


def _judge_peak(arm: str, name: str, rows: int, low: float, high: float, results: Results) -> Verdict:
    """Return whether a peak lies where the parameters over n are 2 to the power of low to high."""
    widths = results.read(arm, name)
    ratio = np.log2(count_parameters(widths, CLASSES, SIGNAL) / rows)
    verdict = judge(ratio, low, high)
    place = f"h = {widths.mean():.0f}; log2 of its parameters over {rows:,} is"
    return Verdict(verdict.word, f"{place} {verdict.measured}")


def _judge_squared(arm: str, results: Results) -> Verdict:
    left = results.read(arm, "least_train_error").mean()
    if left > 1:
        return Verdict("undecided", f"no width interpolates: the least training error is {left:.1f} %")
    return _judge_peak(arm, "loss_peak_width", ROWS * CLASSES, -0.5, 0.5, results)


def _rise(results: Results) -> tuple[Doubles, Doubles]:
    """Return how far the error rises to the published peak, in points: of perceptrons, and of convolutions."""
    perceptron = _average(results, NOISY, "test_error", (47, 61), CNN) - results.read(NOISY, "test_error@16", CNN)
    convolution = _average(results, CNN, "test_error", (18, 22, 26), NOISY) - results.read(CNN, "test_error@10", NOISY)
    return perceptron, convolution


def make_latent_claims() -> list[Claim]:
    """Return the claims about latents."""
    theory = "Belkin, Hsu and Xu, 2020; Hastie et al., 2022"
    claims = [
        Claim(name, "" if tolerance else "a theorem", theory, check_theory(arm, tolerance, middle, NEAR))
        for name, arm, middle, tolerance in (
            ("Over the parameters, least squares have the exact error of the formula.", PARAMETERS, 64, 0),
            ("Over the rows, they have it for a linear teacher.", TEACHER, 32, 0),
            ("Over the rows, they have it within 5 % for y of the release, no linear map of x.", OF_ROWS, 32, 0.05),
        )
    ]
    for outputs in OUTPUTS:
        width = find_threshold(FEW_ROWS * outputs, outputs, LATENT_DIM)
        claims.append(
            Claim(
                f"Networks with K = {outputs} peak where there are n K parameters, within a factor of 1.4.",
                f"predicted h = {width:.1f}",
                "blog of 2020",
                check_figure(name_outputs(outputs), "peak", -0.5, 0.5, unit=" = log2 of parameters over n K"),
            )
        )
    return claims


SIGNAL_CLAIMS = [
    Claim(
        "With wrong labels the perceptron's error peaks between n and 2 n parameters.",
        "54.05 % at h = 47, 54.02 % at h = 61",
        NOTEBOOK,
        ClaimTest((NOISY,), partial(_judge_peak, NOISY, "peak_width", ROWS, 0, 1)),
    ),
    Claim(
        "At the largest width it is lower than at the published first minimum, h = 16.",
        "47.24 % at h = 16, 45.47 % at h = 300",
        NOTEBOOK,
        compare_figures((NOISY, "test_error@16"), (NOISY, "test_error@300"), unit=POINTS),
    ),
    Claim(
        "With true labels the error has no peak: its mean at h = 36, 47 and 61 is less than a point above that at 27.",
        "41.02 % at h = 27, 41.66 % at 36, 41.24 % at 61, 37.25 % at 300",
        NOTEBOOK,
        check_values(
            (CLEAN,),
            lambda its: _average(its, CLEAN, "test_error", (36, 47, 61)) - its.read(CLEAN, "test_error@27"),
            -np.inf,
            1,
            unit=POINTS,
        ),
    ),
    Claim(
        "With true labels the NLL has a peak: at h = 47 and 61 it is above that at 9 and 12, and at 300.",
        "1.308 at h = 9, 4.415 at 47, 2.338 at 300",
        NOTEBOOK,
        ClaimTest((CLEAN,), partial(_judge_hill, CLEAN, "test_loss", (9, 12), (47, 61), 300, "")),
    ),
    Claim(
        "In notebook 8.3 it has a peak: at h = 40 it is above that at 8 and 18, and at 400.",
        "49.92 % at h = 18, 58.08 % at 40, 44.15 % at 400",
        "Understanding Deep Learning: notebook 8.3",
        ClaimTest((BOOK,), partial(_judge_hill, BOOK, "test_error", (8, 18), (40,), 400, POINTS)),
    ),
    Claim(
        "With wrong labels the error of convolutions has a peak: at c = 18, 22 and 26 it is above that at 10 and 100.",
        "19.64 % at c = 10, 33.80 % at 18, 27.66 % at 100",
        NOTEBOOK,
        ClaimTest((CNN,), partial(_judge_hill, CNN, "test_error", (10,), (18, 22, 26), 100, POINTS)),
    ),
    Claim(
        "At 100 channels it is still higher than at its first minimum: there is no second descent in error.",
        "19.64 % at c = 10, 27.66 % at 100",
        NOTEBOOK,
        compare_figures((CNN, "test_error@100"), (CNN, "test_error@10"), unit=POINTS),
    ),
    Claim(
        "The effect is much less pronounced in convolutions than in perceptrons.",
        "no peak in 2020; 14.2 points against 6.8 in 2024",
        BLOG,
        check_values((NOISY, CNN), lambda its: np.subtract(*_rise(its)), unit=POINTS),
    ),
    *(
        Claim(
            f"With {words} labels, NLL peaks where there are n parameters, within a factor of 1.4.",
            figure,
            BLOG,
            ClaimTest((arm,), partial(_judge_peak, arm, "loss_peak_width", ROWS, -0.5, 0.5)),
        )
        for arm, words, figure in (
            (CLEAN, "true", "predicted h = 42.3; the notebook's peak is at 47"),
            (NOISY, "wrong", "predicted h = 42.3; the notebook's peak is at 61"),
        )
    ),
    *(
        Claim(
            f"With {words} labels, MSE peaks where there are n K parameters, within a factor of 1.4.",
            "predicted h = 175.7; no picture",
            BLOG,
            ClaimTest((arm,), partial(_judge_squared, arm)),
        )
        for arm, words in ((SQUARED_CLEAN, "true"), (SQUARED_NOISY, "wrong"))
    ),
]
