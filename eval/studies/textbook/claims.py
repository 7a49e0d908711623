"""The claims of the textbook about MNIST-1D, and its published figures.

Sources are Understanding Deep Learning (Prince, 2023) and the notebooks of udlbook/udlbook at a8fe82b, which keep no
outputs: figures are those of the book's text and captions, read off its pictures, or from memory.
"""

import math
from functools import partial

import numpy as np

from eval.studies.design.comparisons import check_figure, check_theory, compare_figures
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, ClaimTest, PublishedFigure, Verdict, judge_close, pool, publish

NARROW, WIDE, AUGMENTED, DENSE, PLAIN = "mlp-100", "mlp-200", "mlp-200-augmented", "mlp-285-135-60", "mlp-plain"
DENSE_PLAIN, STRIDED, STRIDED_PLAIN = "mlp-285-135-60-plain", "cnn-strided", "cnn-strided-plain"
GROWING, NORMALISED = "residual-growing", "residual-normalised"
RANDOM, DEPTH = "random-data", "depth-four"
PERMUTED, MEMORY = "latents-permuted", "latents-memory"
MINIMUM = 38  # epoch at which the test loss of figure 8.2 is least: after 1,500 steps
FEW, MANY = 0.79, 1.022  # weights and biases of a network, over its targets
CLOSE = 0.15


def list_published() -> list[PublishedFigure]:
    """Return the book's figures, beside the arms that repeat them."""
    group = "test error in % (Understanding Deep Learning)"
    figures = [
        PublishedFigure(group, label, value, tolerance, arm, name)
        for label, value, tolerance, arm, name in (
            ("figure 8.2, two layers of 100 units, plain steps: 38 to 40", 39, 2, PLAIN, "test_error"),
            ("the same by notebook 8.1, with momentum", 39, 2, NARROW, "test_error"),
            ("notebook 9.5, two layers of 200 units: the least, about", 33, 2, WIDE, "best_error"),
            ("the same with augmented rows", 33, 2, AUGMENTED, "best_error"),
            ("figure 10.8 from memory, convolutions, plain steps", 17, None, STRIDED_PLAIN, "test_error"),
            ("the same by notebook 10.2, with momentum", 17, None, STRIDED, "test_error"),
            (
                "figure 10.8 from memory, 285, 135 and 60 units, plain steps",
                40,
                None,
                DENSE_PLAIN,
                "test_error",
            ),
            ("the same by notebook 10.2, with momentum", 40, None, DENSE, "test_error"),
        )
    ]
    group = "test loss (Understanding Deep Learning, figure 8.2, read off)"
    figures += [
        PublishedFigure(group, label, value, 0.2, PLAIN, name)
        for label, value, name in (("least", 1.25, "best_loss"), ("after 6,000 steps", 2.2, "test_loss"))
    ]
    doubled, ones = {block: 2.0**block for block in range(1, 6)}, {block: float(block) for block in range(1, 6)}
    for title, arm, curve, values in (
        (
            "residual networks: mean square after each block, over that at the start (theory)",
            GROWING,
            "measured",
            doubled,
        ),
        ("the same for the variance over the rows (notebook 11.3: about)", GROWING, "variance", doubled),
        ("normalised blocks: mean square less that at the start (theory)", NORMALISED, "measured", ones),
    ):
        tolerances = {float(block): CLOSE * value for block, value in values.items()}
        figures += publish(title, arm, curve, values, tolerances.get)
    return figures


def _judge_blocks(arm: str, curve: str, each: float, results: Results) -> Verdict:
    """Return whether a size follows the theory within 15 %; `each` is the share of it that the size should have."""
    measured, errors = pool(results, arm, curve, "error" if curve == "measured" else f"{curve}_error")
    return judge_close(measured, errors, each * pool(results, arm, "theory")[0], CLOSE)


def _make_training_claims() -> list[Claim]:
    eighth, figure, wanted = "notebook 8.1", "figure 8.2", "38 to 40 %"
    fits = "Two layers of 100 units err on less than 0.5 % of the training rows in the end."
    plain = "After plain steps, without momentum, they err on 38 to 40 %."
    rises = "Their test loss rises from 1,500 plain steps on."
    wide = "The least test error of two layers of 200 units is 32 to 34 %."
    return [
        Claim(fits, "no training error", eighth, check_figure(NARROW, "train_error", -math.inf, 0.5, unit=" %")),
        Claim(
            "After the notebook's training with momentum they err on 38 to 40 % of the test rows.",
            wanted,
            eighth,
            check_figure(NARROW, "test_error", 38, 40, unit=" %"),
        ),
        Claim(plain, wanted, figure, check_figure(PLAIN, "test_error", 38, 40, unit=" %")),
        Claim(
            rises,
            "1.25 to 2.2",
            figure,
            compare_figures((PLAIN, "test_loss"), (PLAIN, f"test_loss@{MINIMUM}"), form=".3f"),
        ),
        Claim(wide, "about 33 %", "notebook 9.5", check_figure(WIDE, "best_error", 32, 34, unit=" %")),
    ]


def _make_comparisons() -> list[Claim]:
    more = "With as many more rows, shifted and scaled, they err less on fresh rows."
    fewer = "Convolutions of 2,050 parameters err less on fresh rows than dense layers of 59,065, after plain steps."
    claims = []
    for name, published, source, worse, better in (
        (more, "an improvement", "notebook 9.5", WIDE, AUGMENTED),
        (fewer, "17 % against 40 %, from memory", "figure 10.8", DENSE_PLAIN, STRIDED_PLAIN),
    ):
        test = compare_figures((worse, "fresh_error"), (better, "fresh_error"), unit=" points")
        claims.append(Claim(name, published, source, test))
    return claims


def _make_start_claims() -> list[Claim]:
    theory, notebook = "section 11.4", "notebook 11.3"
    claims = []
    for name, published, source, arm, curve, each in (
        (
            "The mean square of a residual network at its start doubles with each block",
            "",
            theory,
            GROWING,
            "measured",
            1,
        ),
        ("Its variance over the rows, which the notebook prints, does so", "roughly", notebook, GROWING, "variance", 1),
        ("With normalised blocks the mean square grows by 1 with each block", "", theory, NORMALISED, "measured", 1),
        (
            "Their variance over the rows grows by 1 - 1 / pi, as for normal activity",
            "linear growth",
            notebook,
            NORMALISED,
            "variance",
            1 - 1 / np.pi,
        ),
    ):
        test = ClaimTest((arm,), partial(_judge_blocks, arm, curve, each))
        claims.append(Claim(f"{name}, within 15 %.", published or "a theorem of the first block", source, test))
    return claims


def make_claims() -> list[Claim]:
    """Return all claims, in the order of the book, and those about latents."""
    claims = [*_make_training_claims(), *_make_comparisons(), *_make_start_claims()]
    for words, more, less in (
        ("True rows are learned faster than random inputs", "inputs", "true"),
        ("Random inputs are learned faster than permuted labels", "labels", "inputs"),
    ):
        name = f"{words}: the mean training loss over 60 epochs is lower."
        claims.append(
            Claim(
                name,
                "in this order",
                "figure 20.1",
                compare_figures((RANDOM, more), (RANDOM, less), form=".3f"),
            )
        )
    for layers in (2, 3, 4):
        name = f"{layers} layers are faster than {layers - 1}, of as many weights: the last training loss is lower."
        test = compare_figures((DEPTH, f"loss_{layers - 1}"), (DEPTH, f"loss_{layers}"), form=".3f")
        claims.append(Claim(name, "deeper is faster", "figure 20.2", test))
    return [*claims, *_make_latent_claims()]


def _make_latent_claims() -> list[Claim]:
    source, count = "n rows less p weights", "n K targets"
    return [
        Claim(
            "Least squares leave of permuted y exactly the share 1 - p / n.",
            "a theorem",
            source,
            check_theory(PERMUTED),
        ),
        Claim(
            f"Networks with {FEW:.2g} n K weights leave more than a fiftieth of permuted y.",
            "more than 0",
            count,
            check_figure(MEMORY, f"train_loss@{FEW}", 0.02, form=".3f"),
        ),
        Claim(
            f"With {MANY:.3g} n K weights they leave less than a hundredth.",
            "0",
            count,
            check_figure(MEMORY, f"train_loss@{MANY}", -math.inf, 0.01, ".4f"),
        ),
    ]
