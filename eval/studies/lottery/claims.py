"""The claims about lottery tickets, and how each one is judged."""

import math
from functools import partial

import numpy as np

from eval.studies.design.comparisons import Place, check_figure, check_values, compare_figures
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, ClaimTest, Verdict, judge, judge_exact, pool
from ld_data.typing import Doubles

SEARCH, RANDOM = "mlp-search", "mlp-random"
NOTEBOOK, PAGE = "notebook of 2024", "page of 2020"
MAGNITUDE, ROTATION, DRAWN = "latents-magnitude", "latents-rotation", "latents-random"
LATENTS = {
    MAGNITUDE: "masked by magnitude",
    ROTATION: "masked by magnitude after a rotation of x",
    DRAWN: "masked at random",
}
NETWORKS, PLANTED = "latents-networks", "latents-planted"
MANY_ROWS = 100_000
THEORY = "uncorrelated components of x"
FALLS = (0.96, 0.985)  # the sparsities between which the ticket falls below the dense network in the notebook
SOURCES = f"{PAGE}, {NOTEBOOK}"
GAINS = (
    ("The ticket is better than the dense network on fresh data.", "fresh", "dense", "+6.6 in 2020, +1.65 in 2024"),
    ("It is better from the training rows of its search, on fresh test rows.", "same", "dense", ""),
    ("It is better than a random mask.", "fresh", "random", "+12.4 in 2020, +5.85 in 2024"),
    ("It is better than a random mask with its counts of each unit and each input.", "fresh", "counts", ""),
    ("It is better from other first weights, too.", "reinit", "dense", "+3.3 in 2020, +1.3 in 2024"),
    ("It is better with the signals flipped.", "flip", "dense", "+4.1 in 2020, -0.25 in 2024"),
    ("It is better with the chunks of the signals exchanged.", "chunks", "dense", "+1.7 in 2020, -2.25 in 2024"),
)
RUNS = (
    ("two", "adjacent", "0.86 % in 2020, 0.93 % in 2024, of random masks 0.72 and 0.56 %"),
    ("three", "adjacent_3", "0.21 and 0.235 %, of random masks 0.09 and 0.015 %"),
    ("four", "adjacent_4", "0.035 and 0.03 %, of random masks 0.01 and 0 %"),
)


def _find_gain(condition: str, other: str = "dense") -> tuple[Place, Place]:
    """Return where the accuracies of the ticket and of another mask under a condition stand."""
    return (SEARCH, f"{condition}_ticket"), (SEARCH, f"{condition}_{other}")


def make_signal_claims() -> list[Claim]:
    """Return the claims about networks on signals."""
    return [
        *(
            Claim(name, published, SOURCES, compare_figures(*_find_gain(condition, other), unit=" points"))
            for name, condition, other, published in GAINS
        ),
        Claim(
            "It is better in its search, on the published test rows.",
            "+9.4: 75.0 against 65.6",
            NOTEBOOK,
            compare_figures((SEARCH, "accuracy@0.9192"), (SEARCH, "accuracy@0"), unit=" points"),
        ),
        Claim(
            "In its search, it falls below the dense network at a sparsity between 0.96 and 0.985.",
            "67.7 at 0.97, 63.4 at 0.98, and 65.6 dense",
            NOTEBOOK,
            check_values((SEARCH,), _find_falls, *FALLS, ".3f"),
        ),
        Claim(
            "With the points of the signals in another order it is not better than the dense network.",
            "+1.65 in order, -0.95 shuffled",
            NOTEBOOK,
            compare_figures(*_find_gain("shuffle"), -math.inf, 0.0, unit=" points"),
        ),
        *(
            Claim(
                f"The ticket keeps {run} neighbouring inputs more often than chance.",
                published,
                SOURCES,
                ClaimTest((SEARCH,), partial(_judge_runs, name)),
            )
            for run, name, published in RUNS
        ),
    ]


def _judge_runs(name: str, results: Results) -> Verdict:
    gaps = results.read(SEARCH, name) - results.read(SEARCH, f"{name}_null")
    return judge(100 * gaps, form=".4f", unit=" points")


def _find_falls(results: Results) -> Doubles:
    """Return the sparsity `(s,)` beyond which the accuracy stays below that of the dense network, by straight lines."""
    at, curves = results.read_axis(SEARCH), results.read_curve(SEARCH, "accuracy")
    falls = []
    for gap in curves - curves[:, :1]:
        last = min(int(np.flatnonzero(gap >= 0)[-1]), len(at) - 2)
        falls.append(np.interp(0, [-gap[last], -gap[last + 1]], at[last : last + 2]))
    return np.array(falls)


def _judge_masks(arm: str, results: Results) -> Verdict:
    measured = results.read_curve(arm, "measured") - results.read_curve(arm, "theory")  # each seed has its own masks
    errors = pool(results, arm)[1]
    return judge_exact(measured.mean(axis=0), errors, 0 * errors)


def make_latent_claims() -> list[Claim]:
    """Return the claims about learners on latents."""
    return [
        *(
            Claim(
                f"The error of a linear map {about} is exactly that of the formula.",
                "a theorem",
                THEORY,
                ClaimTest((arm,), partial(_judge_masks, arm)),
            )
            for arm, about in LATENTS.items()
        ),
        Claim(
            "A rotation of x takes a part of the gain away: sparsity by magnitude depends on the basis.",
            "predicted energy 0.481 at 8 %, and 0.408 after a rotation",
            THEORY,
            compare_figures((MAGNITUDE, "energy@0.08"), (ROTATION, "energy@0.08"), form=".3f"),
        ),
        *_make_learner_claims(),
    ]


def _make_learner_claims() -> list[Claim]:
    """Return the claims about pruned networks, and about a planted support."""
    return [
        Claim(
            "Networks pruned by magnitude to a tenth explain more than random ones.",
            "predicted",
            THEORY,
            compare_figures((NETWORKS, "magnitude@0.9"), (NETWORKS, "random@0.9"), form=".3f"),
        ),
        Claim(
            "A rotation of x takes a part of that away.",
            "predicted",
            THEORY,
            compare_figures((NETWORKS, "magnitude@0.9"), (NETWORKS, "rotation@0.9"), form=".3f"),
        ),
        Claim(
            "Magnitude finds nine tenths of a planted support from many rows.",
            "",
            "a prediction here",
            check_figure(PLANTED, f"magnitude@{MANY_ROWS}", 0.9, 1.0, ".3f"),
        ),
        Claim(
            "After a rotation of x it finds the planted places as chance does, within 0.05.",
            "",
            "a prediction here",
            compare_figures(
                (PLANTED, f"rotation@{MANY_ROWS}"), (PLANTED, f"chance@{MANY_ROWS}"), -math.inf, 0.05, ".3f"
            ),
        ),
    ]
