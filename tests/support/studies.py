"""A small study, on a linear teacher whose recursion is exact, for tests of the design that all studies share."""

import numpy as np

from eval.studies.design.comparisons import check_figure, check_values
from eval.studies.design.pictures import Line, Panel, Picture
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Trial
from eval.studies.design.verdicts import Claim, PublishedFigure
from eval.studies.inputs import Latents

MEASURE = "eval.studies.learning_rate.latents.measure_recursion"
PLAN = {"rates": (0.1, 0.5), "runs": 3, "steps": 4, "batch_rows": 5, "teacher": True}


def make_latents(sha256: str = "0" * 64) -> Latents:
    """Normal x, and y a linear map of x with noise."""
    random = np.random.default_rng(5)
    x = random.normal(size=(200, 4))
    return Latents(x, x @ random.normal(size=(4, 4)) / 3 + random.normal(size=(200, 4)), sha256)


def make_study() -> Study:
    """A study of two arms that differ in their noise, in place of `learning-rate`."""
    arms = {
        name: Arm(f"rates of {words}", "learning_rate.latents:measure_recursion", "inputs:load_latents", plan, seeds=3)
        for name, words, plan in (
            ("first-teacher", "a teacher", PLAN),
            ("second-release", "the release", PLAN | {"teacher": False}),
        )
    }
    first, second = arms
    claims = [
        Claim("A claim.", "1.5", "a page", check_figure("first-teacher", "a", 0)),
        Claim("Another.", "", "", check_values((first, second), lambda its: its.read(first, "worst_ratio", second))),
    ]
    published = [PublishedFigure("a table", "rate 0.1", 0.4, 1.0, "first-teacher", "measured@0.1")]

    def draw(results):
        at = results.read_axis("first-teacher")
        line = Line("measured", at, results.read_curve("first-teacher", "measured"))
        yield Picture(
            "small", "The excess grows with the rate", [Panel("excess", "rate", "D", [line], {"x": 0.2}, "xy")]
        )

    exact = {"first-teacher": "excess over the rate"}
    return Study("learning-rate", "is the study small?", arms, published, claims, draw, exact)


def make_trial(arm: str = "first-teacher", seed: int = 0, value: float = 1.0, **changes) -> Trial:
    """A trial of the small study."""
    curves = {"at": [0.1, 0.5], "measured": [value, 2.0], "error": [0.1, 0.1], "theory": [1.0, 2.0]}
    fields = {
        "study": "learning-rate",
        "protocol": make_study().arms[arm].describe_protocol(quick=False),
        "inputs_sha256": "0" * 64,
        "engine": "numpy",
        "figures": {"a": value},
        "curves": curves,
        "cpu_seconds": 0.5,
    }
    return Trial(arm=arm, seed=seed, **(fields | changes))


def make_trials(study: Study, arm: str, figures: dict, curves: dict, step: float = 0.01) -> list[Trial]:
    """Three trials of an arm of a study, whose figures and points, but for axis and places, grow with the seed."""
    arms, trials = study.arms[arm], []
    for seed in range(3):
        own = {name: value + step * seed for name, value in figures.items()}
        points = {
            name: [value + step * seed * (name in {"fresh", "accuracy", "measured"}) for value in values]
            for name, values in curves.items()
        }
        trials.append(Trial(study.name, arm, seed, arms.describe_protocol(False), "0", arms.engine, own, points, 1.0))
    return trials
