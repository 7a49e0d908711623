"""Claims and their verdicts, by intervals over seeds, and published figures beside those measured here."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np

from eval.intervals import measure_student
from eval.kept.figures import Spread
from eval.studies.design.trials import Results
from ld_data.typing import Array

Word: TypeAlias = Literal["holds", "fails", "undecided"]
LEAST_SEEDS = 3
MOST_SEEDS = 1000
NOT_MEASURED = "not measured"  # begins the measurement of a claim whose trials are missing


@dataclass(frozen=True)
class Verdict:
    """A verdict, and the measurement that it follows from."""

    word: Word
    measured: str


@dataclass(frozen=True)
class ClaimTest:
    """A test of a claim: the arms that it needs, and a function of their results."""

    arms: tuple[str, ...]
    run: Callable[[Results], Verdict]


@dataclass(frozen=True)
class Claim:
    """A claim about the arms of a study.

    Attributes:
        name: the claim, as a sentence.
        published: the figures behind it, or "".
        source: where it is from.
    """

    name: str
    published: str
    source: str
    test: ClaimTest

    def judge(self, results: Results) -> Verdict:
        """Return the verdict: undecided if an arm, or a point of its curves, is not measured."""
        arms = self.test.arms
        if missing := [arm for arm in arms if arm not in results.trials]:
            return Verdict("undecided", f"{NOT_MEASURED}: {', '.join(missing)}")
        if not results.list_seeds(*arms):
            return Verdict("undecided", f"no seed in common: {', '.join(arms)}")
        try:
            return self.test.run(results)
        except KeyError as error:
            return Verdict("undecided", f"{NOT_MEASURED}: {error.args[0]}")


@dataclass(frozen=True)
class PublishedFigure:
    """A published figure and its place here.

    Attributes:
        group: title of the table that it stands in, with its source.
        label: of its row.
        tolerance: the most that ours may differ; None if there is none, as where the protocols differ.
        arm, name: those of `Results.read` for the figure here.
        optional: whether a trial may lack it, as it lacks the width without training errors if all widths have some.
    """

    group: str
    label: str
    value: float
    tolerance: float | None
    arm: str
    name: str
    optional: bool = False

    def describe(self, results: Results) -> tuple[str, str, str, str, str]:
        """Return the row: label, published, ours with its spread over seeds, tolerance, and whether it is within.

        Raises:
            KeyError: a trial lacks the figure, and it is not optional.
        """
        start = (self.label, f"{self.value:g}")
        tolerance = "" if self.tolerance is None else f"{self.tolerance:g}"
        trials = list(results.trials.get(self.arm, {}).values())
        values = [trial.find(self.name) for trial in trials if not self.optional or self.name in trial.figures]
        count = f"{len(values)} of {len(trials)} seeds"
        if not values:
            return (*start, count if trials else "not measured", tolerance, "")
        ours = Spread.of(values)
        text = f"{ours:{choose_form(self.value)}}" + (f", {count}" if len(values) < len(trials) else "")
        if self.tolerance is None:
            return (*start, text, "", "")
        within = abs(ours.mean - self.value) <= self.tolerance
        return (*start, text, tolerance, "within" if within else "outside")


def publish(
    group: str, arm: str, curve: str, values: Mapping[int, float], tolerance: Callable[[float], float | None]
) -> list[PublishedFigure]:
    """Return the published points of a curve, by their place on its axis; `tolerance` is called with the place."""
    return [
        PublishedFigure(group, f"{place:g}", value, tolerance(place), arm, f"{curve}@{place:g}")
        for place, value in values.items()
    ]


def judge(values: Array, low: float = 0.0, high: float = math.inf, form: str = ".2f", unit: str = "") -> Verdict:
    """Return whether the mean over seeds of values `(s,)` lies from `low` to `high`, by its 95 % interval.

    A claim holds if the whole interval lies above `low` and not beyond `high`, and fails if none of it does: no
    difference at all is not above 0. The interval is Student's, of values that are already differences where two arms
    are compared: paired over seeds. An undecided verdict names the number of seeds that would decide if mean and spread
    stay as they are.
    """
    seeds, mean = len(values), float(np.mean(values)) if len(values) else 0.0
    if seeds < LEAST_SEEDS:
        return Verdict("undecided", f"{mean:z{form}}{unit}; a verdict needs {LEAST_SEEDS} seeds, there are {seeds}")
    std = float(np.std(values, ddof=1))
    margin = float(measure_student(std, seeds))
    text = f"{mean:z{form}}{unit}, 95 % interval {mean - margin:z{form}} to {mean + margin:z{form}}, {seeds} seeds"
    if low < mean - margin and mean + margin <= high:
        return Verdict("holds", text)
    if mean + margin <= low or mean - margin > high:
        return Verdict("fails", text)
    gap = min(abs(mean - low), abs(mean - high))
    more = next(iter(np.flatnonzero(measure_student(std, np.arange(seeds + 1, MOST_SEEDS)) < gap) + seeds + 1), None)
    return Verdict("undecided", f"{text}; about {more} would decide" if more else f"{text}; too near to decide")


def judge_exact(measured: Array, errors: Array, theory: Array) -> Verdict:
    """Return whether measured values `(m,)` equal exact ones within what their standard errors `(m,)` allow.

    All m points together exceed the bound by chance in 5 of 100 repetitions (Šidák, 1967), each one alone two standard
    errors in 4.6 of 100.
    """
    scores, bound = np.abs(measured - theory) / errors, _find_bound(len(measured))
    text = f"{np.sum(scores <= 2)} of {len(scores)} points within 2 standard errors; the farthest at {scores.max():.1f}"
    word: Word = "holds" if scores.max() <= bound else "fails"
    return Verdict(word, f"{text}, chance allows {bound:.1f}")


def judge_close(measured: Array, errors: Array, theory: Array, tolerance: float) -> Verdict:
    """Return whether measured values `(m,)` are within a share of those of a theory that is not exact for them.

    The intervals of all m points together hold at 95 %, by the standard errors `(m,)` and the bound of `judge_exact`.
    The claim holds if all lie inside the share, and fails if one lies outside.
    """
    gaps, margins = measured / theory - 1, _find_bound(len(measured)) * errors / theory
    place = int(np.abs(gaps).argmax())
    text = f"the farthest of {len(gaps)} points is {gaps[place]:+.1%} +- {margins[place]:.1%} from the formula"
    if (np.abs(gaps) - margins > tolerance).any():
        return Verdict("fails", text)
    return Verdict("holds" if (np.abs(gaps) + margins <= tolerance).all() else "undecided", text)


def pool(results: Results, arm: str, draws: str = "measured", errors: str = "error") -> tuple[Array, Array]:
    """Return the mean over seeds of a curve `(m,)` whose points have standard errors, and its standard error."""
    points, spreads = results.read_curve(arm, draws), results.read_curve(arm, errors)
    return points.mean(axis=0), np.sqrt(np.square(spreads).sum(axis=0)) / len(spreads)


def choose_form(value: float) -> str:
    """Return the format of a measured value beside a published one: one digit more."""
    digits = f"{value:g}".partition(".")[2]
    return f".{max(1, len(digits) + (len(digits) < 2))}f"


def list_exact(results: Results, arm: str) -> list[tuple[str, str, str, str]]:
    """Return a row for each point of an arm with exact theory: place, theory, measured, and how far they differ."""
    (measured, errors), theory = pool(results, arm), pool(results, arm, "theory")[0]
    return [
        (f"{place:g}", f"{exact:.5g}", f"{value:.5g} +- {error:.2g}", f"{(value - exact) / error:z.1f}")
        for place, exact, value, error in zip(results.read_axis(arm), theory, measured, errors, strict=True)
    ]


def list_groups(figures: Sequence[PublishedFigure]) -> list[str]:
    """Return the titles of the tables of published figures, each once."""
    return list(dict.fromkeys(figure.group for figure in figures))


def _find_bound(points: int) -> float:
    """Return how many standard errors so many exact points together exceed by chance in 5 of 100 repetitions."""
    return NormalDist().inv_cdf(1 - (1 - 0.95 ** (1 / points)) / 2)
