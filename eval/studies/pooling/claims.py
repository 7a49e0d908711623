"""The claims about pooling and projections, and their published figures."""

from functools import partial

import numpy as np

from eval.studies.design.comparisons import check_figure, check_theory, check_values
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, ClaimTest, PublishedFigure, Verdict, judge, publish
from eval.studies.pooling.latents import CLASS_DIRECTIONS
from ld_data.typing import Doubles

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
ACCURACIES = {  # of the notebook's last step, over SIZES
    "none": (59.2, 82.0, 91.9, 94.3, 94.4, 96.3),
    "stride": (57.4, 81.7, 89.9, 91.3, 92.2, 95.4),
    "max": (78.2, 89.2, 94.5, 97.0, 96.8, 98.1),
    "average": (78.0, 90.0, 94.0, 96.0, 96.2, 97.3),
    "l2": (77.2, 89.9, 95.3, 96.6, 97.8, 97.1),
}
METHODS = {
    "none": "no pooling",
    "stride": "convolutions of stride 2",
    "max": "max pooling",
    "average": "average pooling",
    "l2": "L2 pooling",
}
POOLED = ("max", "average", "l2")
ORDERS = {"cnn": "rows in order", "shuffled": "rows shuffled", "passes": "60 passes of shuffled rows"}
KEPT = (5, 7, CLASS_DIRECTIONS, 32)
PREDICTED = {5: 1_930, 7: 3_290}  # rows at which nine directions are as good, with one noise for all
NOTEBOOK, BLOG, THEORY = "notebook of 2024", "blog of 2020", "the formula of the excess"
LAST, POINTS = "accuracy_6", " points"


def name_arm(kind: str, method: str | int) -> str:
    """Return the name of an arm, such as cnn-max or latents-teacher-5."""
    return f"{kind}-{method}"


def list_published() -> list[PublishedFigure]:
    """Return the notebook's accuracies, and the predicted crossings."""
    figures = []
    for method, values in ACCURACIES.items():
        group = f"{METHODS[method]}: accuracy in % on its own test rows over the training rows ({NOTEBOOK})"
        points = dict(zip(SIZES, values, strict=True))
        figures += publish(group, name_arm("cnn", method), "own", points, lambda rows: 4 if rows == 1_000 else 2)
    group = f"rows from which on all {CLASS_DIRECTIONS} directions are better (predicted, with one noise for all)"
    for kind in ("teacher", "release"):
        for kept, rows in PREDICTED.items():
            label = f"than the first {kept}, y of the {kind}"
            arm = name_arm(f"latents-{kind}", kept)
            figures.append(PublishedFigure(group, label, rows, round(0.05 * rows), arm, "crossing"))
    return figures


def gain(results: Results, kind: str, method: str, rows: int, *others: str) -> Doubles:
    """Return how much a method reads better than no pooling, in points, for each seed of both and of other arms."""
    arm, plain, name = name_arm(kind, method), name_arm(kind, "none"), f"{LAST}@{rows}"
    return results.read(arm, name, plain, *others) - results.read(plain, name, arm, *others)


def _gain_of_all(kind: str, rows: int, results: Results) -> Doubles:
    arms = [name_arm(kind, method) for method in POOLED]
    return np.mean([gain(results, kind, method, rows, *arms) for method in POOLED], axis=0)


def _find_fall(results: Results) -> Doubles:
    return _gain_of_all("cnn", 1_000, results) - _gain_of_all("cnn", 50_000, results)


def _lose_by_stride(results: Results) -> Doubles:
    return np.mean([-gain(results, "cnn", "stride", rows) for rows in SIZES], axis=0)


def _gain_by_norm(results: Results) -> Doubles:
    arms = [name_arm("cnn", method) for method in POOLED]
    gaps = [gain(results, "cnn", "l2", n, *arms) - gain(results, "cnn", "max", n, *arms) for n in SIZES[-2:]]
    return np.mean(gaps, axis=0)


def make_signal_claims() -> list[Claim]:
    """Return the claims about convolutions."""
    arms = {kind: tuple(name_arm(kind, method) for method in ("none", *POOLED)) for kind in ORDERS}
    both, strided = f"{BLOG}, {NOTEBOOK}", (name_arm("cnn", "none"), name_arm("cnn", "stride"))
    helps = "With 1,000 rows, pooling helps: on average over its three kinds."
    norm = "L2 pooling is better than max pooling with many rows: on average over 20,000 and 50,000."
    stride = "Stride 2 is behind no pooling, on average over the sizes."
    cnn, test = arms["cnn"], partial(check_values, unit=POINTS)
    claims = [
        Claim(helps, "+18.6 points", both, test(cnn, partial(_gain_of_all, "cnn", 1_000))),
        Claim("Its gain is smaller with 50,000 rows.", "+18.6 against +1.2 points", both, test(cnn, _find_fall)),
        Claim(norm, "better in the blog; +1.0 and -1.0 points in the notebook", both, test(cnn, _gain_by_norm)),
        Claim(stride, "the worst of all: -1.7 points, behind at each size", NOTEBOOK, test(strided, _lose_by_stride)),
    ]
    for kind, words in ORDERS.items():
        name = f"With 50,000 rows, pooling hinders, on average over its three kinds: {words}."
        published = "it hinders in the blog; +1.2 points in its notebook, with rows in order"
        hinders = test(arms[kind], partial(_gain_of_all, kind, 50_000), -np.inf, 0.0)
        claims.append(Claim(name, published, BLOG, hinders))
    return claims


def _judge_gap(first: str, second: str, rows: int, results: Results) -> Verdict:
    """Return whether the first arm has the lower excess at so many rows, in thousandths, on the same draws."""
    name = f"measured@{rows}"
    return judge(1e3 * (results.read(second, name, first) - results.read(first, name, second)), unit=" / 1000")


def _judge_always(first: str, second: str, results: Results) -> Verdict:
    gaps = results.read_curve(second, "measured", first) - results.read_curve(first, "measured", second)
    return judge(1e3 * gaps.min(axis=1), unit=" / 1000 at the nearest")


def make_latent_claims() -> list[Claim]:
    """Return the claims about projections."""
    claims = []
    for kept in KEPT:
        words = f"Projected onto {kept} directions, least squares have the excess of the formula"
        for kind, how, published, tolerance in (
            ("teacher", "exactly, for a linear teacher", "a theorem", 0.0),
            ("release", "within 5 %, for y of the release", "", 0.05),
        ):
            arm = name_arm(f"latents-{kind}", kept)
            claims.append(Claim(f"{words} {how}.", published, THEORY, check_theory(arm, tolerance)))
    for kept, rows in PREDICTED.items():
        for kind in ("teacher", "release"):
            arm = name_arm(f"latents-{kind}", kept)
            name = f"All 9 directions become better than the first {kept} where predicted, within 5 %: {kind}."
            published = f"predicted at {rows:,} rows with one noise for all"
            test = check_figure(arm, "crossing_ratio", 0.95, 1.05, ".3f", " of the predicted number of rows")
            claims.append(Claim(name, published, THEORY, test))
    five, nine, whole = (name_arm("latents-release", kept) for kept in (5, CLASS_DIRECTIONS, 32))
    for name, arms, judging in (
        (
            "5 directions are better than 9 at 1,000 rows: they help.",
            (five, nine),
            partial(_judge_gap, five, nine, 1_000),
        ),
        ("5 are worse than 9 at 4,000 rows: they hinder.", (five, nine), partial(_judge_gap, nine, five, 4_000)),
        (
            "9 directions, those of the class means, are better than all 32 at each number of rows.",
            (nine, whole),
            partial(_judge_always, nine, whole),
        ),
    ):
        claims.append(Claim(name, "predicted", THEORY, ClaimTest(arms, judging)))
    return claims
