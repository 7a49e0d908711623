"""The study of the learning rate: arms, claims and pictures."""

from collections.abc import Iterator

import numpy as np

from eval.studies.design.comparisons import check_figure, check_theory, compare_figures
from eval.studies.design.pictures import Line, Panel, Picture, list_pictures, read_lines, read_theory
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Results
from eval.studies.design.verdicts import Claim, ClaimTest, PublishedFigure, Verdict, judge
from ld_data.typing import Doubles

DESCENT, GRID = "mlp-descent", "mlp-grid"
RECURSION, TEACHER, LEARNED = "latents-recursion", "latents-teacher", "latents-learned"
NOTEBOOK, THEORY = "notebook of 2024", "the recursion of the excess"
STARTS = (1.5, 0.15)


def _make_arms() -> dict[str, Arm]:
    module, load = "learning_rate.unrolling", "inputs:make_published"
    arms = {
        DESCENT: Arm(
            "gradient descent on the rate, from 1.5 and from 0.15",
            f"{module}:descend",
            load,
            {"starts": STARTS, "outer": 50, "rate": 0.3, "steps": 200},
            {"outer": 25},
            seeds=20,
        ),
        GRID: Arm(
            "the same trainings over a grid of rates",
            f"{module}:scan",
            load,
            {"rates": (0.05, 2.0, 200), "steps": 200},
            {"rates": (0.05, 2.0, 40)},
            seeds=20,
        ),
    }
    module, load, sizes = "learning_rate.latents", "inputs:load_latents", {"steps": 200, "batch_rows": 50}
    for name, words, teacher in ((RECURSION, "y of the release", False), (TEACHER, "y of a linear teacher", True)):
        plan = {"rates": (0.005, 0.02, 0.1, 0.5), "runs": 20, "teacher": teacher} | sizes
        arms[name] = Arm(f"a linear learner at constant rates, {words}", f"{module}:measure_recursion", load, plan)
    arms[LEARNED] = Arm(
        "learned rates of a linear learner",
        f"{module}:learn_rates",
        load,
        {"outer": 200, "runs": 4} | sizes,
        {"outer": 60, "runs": 2},
    )
    return arms


def _list_published() -> list[PublishedFigure]:
    ends = f"the learned rate and the losses of its training ({NOTEBOOK})"
    figures = [
        PublishedFigure(ends, label, value, tolerance, DESCENT, name)
        for label, name, value, tolerance in (
            ("rate, from 1.5", "rate_from_1.5", 0.6243, 0.08),
            ("rate, from 0.15", "rate_from_0.15", 0.6203, 0.08),
            ("mean loss, from 1.5", "mean_loss_from_1.5", 1.716, 0.03),
            ("mean loss, from 0.15", "mean_loss_from_0.15", 1.716, 0.03),
            ("final loss, from 1.5", "final_loss_from_1.5", 1.505, None),
            ("final loss, from 0.15", "final_loss_from_0.15", 1.506, None),
        )
    ]
    path = f"the rate on the way ({NOTEBOOK})"
    for start, rates in ((1.5, {3: 1.259, 9: 0.911, 21: 0.694, 33: 0.640}), (0.15, {3: 0.491, 9: 0.569, 21: 0.609})):
        figures += [
            PublishedFigure(path, f"from {start:g}, step {step}", rate, None, DESCENT, f"rate_from_{start:g}@{step}")
            for step, rate in rates.items()
        ]
    grid = f"the rate of the least loss ({NOTEBOOK}; blog of 2020: 0.6)"
    return [
        *figures,
        PublishedFigure(grid, "mean loss", 0.62, 0.08, GRID, "rate_of_least_mean_loss"),
        PublishedFigure(grid, "final loss", 0.76, None, GRID, "rate_of_least_final_loss"),
        PublishedFigure(grid, "its value", 1.484, None, GRID, "least_final_loss"),
    ]


def _judge_mean(rates: Doubles, low: float, high: float) -> Verdict:
    """Return the verdict about a mean, with the standard deviation over seeds beside it."""
    verdict = judge(rates, low, high, ".3f")
    spread = f", standard deviation {np.std(rates, ddof=1):.3f}" if len(rates) > 1 else ""
    return Verdict(verdict.word, verdict.measured + spread)


def _make_signal_claims() -> list[Claim]:
    first, second = (f"rate_from_{start:g}" for start in STARTS)
    best = "rate_of_least_mean_loss"
    return [
        Claim(
            "Both starts lead to one rate, within 0.01.",
            "0.6243 from 1.5, 0.6203 from 0.15",
            NOTEBOOK,
            compare_figures((DESCENT, first), (DESCENT, second), -0.01, 0.01, ".4f"),
        ),
        Claim(
            "It is the best rate of a grid, within 0.01.",
            "",
            "a check here",
            compare_figures((DESCENT, second), (GRID, best), -0.01, 0.01, ".4f"),
        ),
        Claim(
            "The best rate is 0.62 within 0.08, on average over weights and orders of the rows.",
            "0.62; 0.6 in 2020",
            NOTEBOOK,
            ClaimTest((GRID,), lambda its: _judge_mean(its.read(GRID, best), 0.54, 0.70)),
        ),
        Claim(
            "The last loss is least at a higher rate than the mean loss.",
            "about 0.76 against 0.62, on the way",
            NOTEBOOK,
            compare_figures((GRID, "rate_of_least_final_loss"), (GRID, best), form=".3f"),
        ),
    ]


def _make_latent_claims() -> list[Claim]:
    claims = [
        Claim(
            "At constant rates the excess of a linear teacher's learner follows the recursion exactly.",
            "a theorem",
            THEORY,
            check_theory(TEACHER),
        ),
        Claim(
            "With y of the release, whose noise is not the same for all x, it does so within 5 %.",
            "",
            THEORY,
            check_theory(RECURSION, 0.05),
        ),
    ]
    for name, figure, published in (
        ("The learned constant for the mean excess is the best one, within 5 %.", "ratio_mean", "rate 0.0133"),
        ("The learned constant for the last excess is the best one, within 5 %.", "ratio_last", "rate 0.0082"),
        ("Learned rates of all steps reach the least last excess, within 5 %.", "ratio_schedule", "excess 0.00277"),
    ):
        test = check_figure(LEARNED, figure, 0.95, 1.05, ".3f", " of the exact one")
        claims.append(Claim(name, f"predicted {published}", THEORY, test))
    return claims


def _draw_signals(results: Results) -> Iterator[Panel]:
    for name, word in (("rate", "learning rate"), ("mean_loss", "mean loss"), ("final_loss", "final loss")):
        curves = {f"{name}_from_{start:g}": f"from {start:g}" for start in STARTS}
        yield Panel(word, "outer step", word, read_lines(results, DESCENT, curves), {})
    if lines := read_lines(results, GRID, {"mean_loss": "mean loss", "final_loss": "final loss"}):
        best = {"best rate for the mean loss": float(results.read(GRID, "rate_of_least_mean_loss").mean())}
        yield Panel("all rates of a grid", "learning rate", "loss", lines, best)


def _draw_latents(results: Results) -> Iterator[Panel]:
    for arm, title in ((RECURSION, "y of the release"), (TEACHER, "y of a linear teacher")):
        yield Panel(title, "learning rate", "mean excess", read_theory(results, arm), {}, "xy")
    lines = read_lines(results, LEARNED, {"learned": "learned"})
    best = [Line("exact optimum", line.at, results.read_curve(LEARNED, "best")[0], "--") for line in lines]
    yield Panel("a rate for each step", "step", "learning rate", lines + best, {}, "y")


def draw(results: Results) -> list[Picture]:
    """Return the pictures of the arms that have results."""
    signals = "Gradient descent on the learning rate from two starts, and the losses over a grid of rates"
    latents = (
        "A linear learner on latents: mean excess beside the recursion, and learned rates beside the exact optimum"
    )
    return list_pictures(
        ("learning-rate", signals, _draw_signals(results)), ("learning-rate-latents", latents, _draw_latents(results))
    )


STUDY = Study(
    "learning-rate",
    "does gradient descent through a whole training find the best learning rate?",
    _make_arms(),
    _list_published(),
    [*_make_signal_claims(), *_make_latent_claims()],
    draw,
    exact={RECURSION: "mean excess over the rate", TEACHER: "mean excess over the rate, linear teacher"},
)
