"""The study of double descent: arms, claims and pictures."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from eval.studies.design.pictures import Line, Panel, Picture
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, Verdict, judge, judge_exact, pool
from eval.studies.double_descent.perceptrons import count_parameters, find_threshold
from eval.studies.double_descent.published import CLEAN, CNN, NOISY, NOTEBOOK, PUBLISHED, WIDTHS
from ld_data.typing import Doubles

ROWS, CLASSES, SIGNAL = 4_000, 10, 40
FEW_ROWS, LATENT_DIM = 500, 32
NEAR = 8  # closer to p = n, errors have tails so heavy that their standard errors mislead
SQUARED_CLEAN, SQUARED_NOISY = "mlp-clean-mse", "mlp-noisy-mse"
PARAMETERS, OF_ROWS, TEACHER = "latents-parameters", "latents-rows", "latents-teacher"
OUTPUTS = {  # widths around the predicted threshold, by the number of outputs K
    1: (3, 5, 7, 9, 11, 14, 18, 25, 40),
    4: (10, 15, 20, 25, 30, 36, 45, 60, 90),
    16: (25, 37, 50, 60, 68, 78, 95, 130, 190),
    32: (36, 54, 72, 86, 98, 112, 135, 190),
}


def _make_perceptron_arms() -> dict[str, Arm]:
    quick_widths = (9, 16, 27, 47, 61, 104, 177, 300)
    arms = {}
    for name, noise in (("clean", 0.0), ("noisy", 0.15)):
        words = f"{noise:.0%} of the labels redrawn" if noise else "true labels"
        common = {"noise": noise, "batch_rows": 100}
        paths = ("double_descent.perceptrons:measure_widths", "double_descent.perceptrons:load_signals")
        likely = {"widths": WIDTHS, "epochs": 500, "rate": 0.01, "loss": "nll"}
        quick = {"widths": quick_widths, "epochs": 200}
        arms[f"mlp-{name}-nll"] = Arm(f"perceptrons, {words}, NLL", *paths, common | likely, quick)
        squared = {"widths": (*WIDTHS[7:], 400), "epochs": 1_000, "rate": 0.3, "loss": "mse"}
        arms[f"mlp-{name}-mse"] = Arm(f"perceptrons, {words}, MSE", *paths, common | squared, quick, seeds=3)
    return arms


def _make_arms() -> dict[str, Arm]:
    arms = _make_perceptron_arms()
    arms[CNN] = Arm(
        "convolutions, 15% of the labels redrawn, NLL",
        "double_descent.convolutions:measure_channels",
        "double_descent.perceptrons:load_signals",
        {
            "channels": (4, 10, 14, 18, 22, 26, 30, 40, 60, 100),
            "epochs": 500,
            "rate": 0.01,
            "noise": 0.15,
            "batch_rows": 100,
        },
        {"channels": (4, 10, 18, 100), "epochs": 10},
        seeds=3,
        engine="keras",
    )
    module, load = "double_descent.latents", "signals:load_latents"
    parameters = (8, 16, 32, 48, 56, 60, 68, 72, 80, 96, 128, 256, 512, 1024)
    rows = (8, 16, 24, 28, 36, 40, 48, 64, 128, 512)
    arms[PARAMETERS] = Arm(
        "least squares over parameters, 64 rows",
        f"{module}:measure_parameters",
        load,
        {"rows": 64, "parameters": parameters, "draws": 60},
        {"parameters": parameters[:-2], "draws": 30},
    )
    for name, words, teacher in ((OF_ROWS, "y of the release", False), (TEACHER, "y of a linear teacher", True)):
        about = f"least squares over rows, 32 parameters, {words}"
        plan = {"rows": rows, "draws": 500, "teacher": teacher}
        arms[name] = Arm(about, f"{module}:measure_rows", load, plan, {"draws": 100})
    for outputs, widths in OUTPUTS.items():
        about = f"perceptrons, 500 rows, MSE of {outputs} {'output' if outputs == 1 else 'outputs'}"
        plan = {"outputs": outputs, "widths": widths, "rows": FEW_ROWS, "steps": 10_000, "rate": 0.003}
        quick = {"widths": widths[::3], "steps": 1_000}
        arms[name_outputs(outputs)] = Arm(about, f"{module}:measure_threshold", load, plan, quick)
    return arms


def name_outputs(outputs: int) -> str:
    """Return the name of the arm of networks with so many outputs."""
    return f"latents-outputs-{outputs}"


def _find_least(results: Results, arm: str, name: str, low: float, high: float, *others: str) -> Doubles:
    """Return the least value `(s,)` of a curve between two places of its axis."""
    at = results.read_axis(arm)
    return results.read_curve(arm, name, *others)[:, (low <= at) & (at <= high)].min(axis=1)


def _average(results: Results, arm: str, name: str, *places: int) -> Doubles:
    return np.mean([results.read(arm, f"{name}@{place}") for place in places], axis=0)


def _judge_peak(results: Results, arm: str, name: str, rows: int, low: float, high: float) -> Verdict:
    """Return whether a peak lies where the parameters over n are 2 to the power of low to high."""
    widths = results.read(arm, name)
    ratio = np.log2(count_parameters(widths, CLASSES, SIGNAL) / rows)
    verdict = judge(ratio, low, high)
    place = f"h = {widths.mean():.0f}; log2 of its parameters over {rows:,} is"
    return Verdict(verdict.word, f"{place} {verdict.measured}")


def _judge_squared(arm: str) -> Callable[[Results], Verdict]:
    def test(results: Results) -> Verdict:
        left = results.read(arm, "least_train_error").mean()
        if left > 1:
            return Verdict("undecided", f"no width interpolates: the least training error is {left:.1f} %")
        return _judge_peak(results, arm, "loss_peak_width", ROWS * CLASSES, -0.5, 0.5)

    return test


def _rise(results: Results) -> tuple[Doubles, Doubles]:
    """Return how far the error rises to its peak, in points: of perceptrons, and of convolutions."""
    perceptron = results.read(NOISY, "peak_error", CNN) - _find_least(results, NOISY, "test_error", 7, 21, CNN)
    return perceptron, _rise_of_convolutions(results, NOISY)


def _rise_of_convolutions(results: Results, *others: str) -> Doubles:
    at = results.read_axis(CNN)
    middle = results.read_curve(CNN, "test_error", *others)[:, (at >= 14) & (at <= 30)].max(axis=1)
    return middle - results.read(CNN, "test_error@10", *others)


def _claim(name: str, published: str, source: str, arms: str | tuple[str, ...], test: Any) -> Claim:
    return Claim(name, published, source, (arms,) if isinstance(arms, str) else arms, test)


def _make_signal_claims() -> list[Claim]:
    points, blog = " points", "blog of 2020"
    return [
        _claim(
            "With wrong labels the perceptron's error peaks between n and 2 n parameters.",
            "54.05 % at h = 47, 54.02 % at h = 61",
            NOTEBOOK,
            NOISY,
            lambda its: _judge_peak(its, NOISY, "peak_width", ROWS, 0, 1),
        ),
        _claim(
            "At the largest width it is lower than at its first minimum.",
            "47.24 % at h = 16, 45.47 % at h = 300",
            NOTEBOOK,
            NOISY,
            lambda its: judge(
                _find_least(its, NOISY, "test_error", 7, 27) - its.read(NOISY, "test_error@300"), unit=points
            ),
        ),
        _claim(
            "With true labels the error has no peak: up to h = 36 to 61 it rises by less than a point.",
            "41.02 % at h = 27, 41.66 % at 36, 41.24 % at 61, 37.25 % at 300",
            NOTEBOOK,
            CLEAN,
            lambda its: judge(
                _average(its, CLEAN, "test_error", 47, 61) - its.read(CLEAN, "test_error@27"), -np.inf, 1, unit=points
            ),
        ),
        _claim(
            "With true labels the NLL has a peak that the error lacks.",
            "1.308 at h = 9, 4.415 at 47, 2.338 at 300",
            NOTEBOOK,
            CLEAN,
            lambda its: judge(_average(its, CLEAN, "test_loss", 47, 61) - its.read(CLEAN, "test_loss@300")),
        ),
        _claim(
            "With wrong labels the error of convolutions rises to a peak.",
            "19.64 % at c = 10, 33.80 % at 18",
            NOTEBOOK,
            CNN,
            lambda its: judge(_rise_of_convolutions(its), unit=points),
        ),
        _claim(
            "At 100 channels it is still higher than at its first minimum: there is no second descent in error.",
            "19.64 % at c = 10, 27.66 % at 100",
            NOTEBOOK,
            CNN,
            lambda its: judge(its.read(CNN, "test_error@100") - its.read(CNN, "test_error@10"), unit=points),
        ),
        _claim(
            "The effect is much less pronounced in convolutions than in perceptrons.",
            "no peak in 2020; 14.2 points against 6.8 in 2024",
            blog,
            (NOISY, CNN),
            lambda its: judge(np.subtract(*_rise(its)), unit=points),
        ),
        *(
            _claim(
                f"With {words} labels, NLL peaks where there are n parameters, within a factor of 1.4.",
                figure,
                blog,
                arm,
                lambda its, arm=arm: _judge_peak(its, arm, "loss_peak_width", ROWS, -0.5, 0.5),
            )
            for arm, words, figure in (
                (CLEAN, "true", "predicted h = 42.3; the notebook's peak is at 47"),
                (NOISY, "wrong", "predicted h = 42.3; the notebook's peak is at 61"),
            )
        ),
        *(
            _claim(
                f"With {words} labels, MSE peaks where there are n K parameters, within a factor of 1.4.",
                "predicted h = 175.7; no picture",
                blog,
                arm,
                _judge_squared(arm),
            )
            for arm, words in ((SQUARED_CLEAN, "true"), (SQUARED_NOISY, "wrong"))
        ),
    ]


def _judge_points(results: Results, arm: str, middle: float) -> Verdict:
    """Return whether all points that are not near the threshold are exact."""
    far = np.abs(results.read_axis(arm) - middle) >= NEAR
    measured, errors = pool(results, arm)
    return judge_exact(measured[far], errors[far], pool(results, arm, "theory")[0][far])


def _make_latent_claims() -> list[Claim]:
    theory = "Belkin, Hsu and Xu, 2020; Hastie et al., 2022"
    exact = (
        ("Over the parameters, least squares have the exact error of the formula.", PARAMETERS, 64.0),
        ("Over the rows they have it, too, though y of the release is no linear map of x plus noise.", OF_ROWS, 32.0),
        ("Over the rows they have it for a linear teacher, of which it is a theorem.", TEACHER, 32.0),
    )
    claims = [
        _claim(name, "", theory, arm, lambda its, arm=arm, middle=middle: _judge_points(its, arm, middle))
        for name, arm, middle in exact
    ]
    for outputs in OUTPUTS:
        width = find_threshold(FEW_ROWS * outputs, outputs, LATENT_DIM)
        claims.append(
            _claim(
                f"Networks with K = {outputs} peak where there are n K parameters, within a factor of 1.4.",
                f"predicted h = {width:.1f}",
                "blog of 2020",
                name_outputs(outputs),
                lambda its, arm=name_outputs(outputs): judge(
                    its.read(arm, "peak"), -0.5, 0.5, unit=" = log2 of parameters over n K"
                ),
            )
        )
    return claims


def _draw_widths(results: Results, curve: str) -> Iterator[Panel]:
    marks = {
        f"{word} parameters": find_threshold(many, CLASSES, SIGNAL)
        for word, many in (("n", ROWS), ("n K", ROWS * CLASSES))
    }
    word = "error in %" if curve == "error" else "loss"
    for title, arms in (
        ("perceptrons, true labels", {"NLL": CLEAN, "MSE": SQUARED_CLEAN}),
        ("perceptrons, 15 % wrong labels", {"NLL": NOISY, "MSE": SQUARED_NOISY}),
        ("convolutions, 15 % wrong labels", {"NLL": CNN}),
    ):
        if curve == "loss":  # NLL and MSE share no axis
            arms = {"NLL": arms["NLL"]}
        lines = [
            Line(f"{part}, {loss}", results.read_axis(arm), results.read_curve(arm, f"{part}_{curve}"), style, colour)
            for colour, (loss, arm) in enumerate(arms.items())
            if arm in results.trials
            for part, style in (("test", "-"), ("train", "--"))
        ]
        if lines:
            is_cnn = CNN in arms.values()
            across = "channels c" if is_cnn else "width h"
            yield Panel(title, across, word, lines, {} if is_cnn else marks, "x")


def _draw_latents(results: Results) -> Iterator[Panel]:
    for arm, title, across, middle in (
        (PARAMETERS, "least squares, 64 rows", "parameters p", 64),
        (OF_ROWS, "least squares, 32 parameters", "rows n", 32),
        (TEACHER, "the same, y of a linear teacher", "rows n", 32),
    ):
        if arm in results.trials:
            at = results.read_axis(arm)
            lines = [Line("theory", at, results.read_curve(arm, "theory")[0])]
            lines.append(Line("measured", at, results.read_curve(arm, "measured"), "o"))
            yield Panel(title, across, "MSE", lines, {"p = n": middle}, "xy")
    lines = []
    for outputs in OUTPUTS:
        if (arm := name_outputs(outputs)) in results.trials:
            ratio = count_parameters(results.read_axis(arm), outputs, LATENT_DIM) / (FEW_ROWS * outputs)
            lines.append(Line(f"K = {outputs}", ratio, results.read_curve(arm, "test_loss"), "o-"))
    if lines:
        yield Panel("perceptrons, 500 rows", "parameters / (n K)", "test MSE", lines, {"n K parameters": 1}, "x")


def draw(results: Results) -> Iterator[Picture]:
    """Yield the pictures of the arms that have results."""
    captions = {
        "error": "With wrong labels the test error peaks where the training error reaches 0, and falls again beyond",
        "loss": "The test loss peaks where the training loss reaches 0, with true labels, too",
    }
    for curve, caption in captions.items():
        if panels := list(_draw_widths(results, curve)):
            yield Picture(f"double-descent-{curve}", caption, panels)
    if panels := list(_draw_latents(results)):
        caption = "On latents the error follows its exact formula, and networks peak where there are n K parameters"
        yield Picture("double-descent-latents", caption, panels)


STUDY = Study(
    "double-descent",
    "how does the error change with the width of a model, and where is its peak?",
    _make_arms(),
    PUBLISHED,
    [*_make_signal_claims(), *_make_latent_claims()],
    draw,
    exact={PARAMETERS: "p, 64 rows", OF_ROWS: "n, 32 parameters", TEACHER: "n, 32 parameters, linear teacher"},
)
