"""Tests that claims of several studies make: of a figure, of two of them, and of a curve beside its theory."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from eval.studies.design.trials import Results
from eval.studies.design.verdicts import ClaimTest, Verdict, judge, judge_close, judge_exact, pool
from ld_data.typing import Array

Place: TypeAlias = tuple[str, str]  # an arm, and the name of a value of it


def check_figure(
    arm: str, name: str, low: float, high: float = math.inf, form: str = ".2f", unit: str = ""
) -> ClaimTest:
    """Return the test of whether a figure lies from `low` to `high`, as `judge` does it."""
    return check_values((arm,), lambda its: its.read(arm, name), low, high, form, unit)


def compare_figures(
    more: Place, less: Place, low: float = 0.0, high: float = math.inf, form: str = ".2f", unit: str = ""
) -> ClaimTest:
    """Return the test of whether one figure exceeds another, paired over seeds, by `low` to `high`."""
    (arm, name), (other, figure) = more, less
    arms = tuple(dict.fromkeys((arm, other)))
    return check_values(
        arms, lambda its: its.read(arm, name, other) - its.read(other, figure, arm), low, high, form, unit
    )


def check_values(
    arms: tuple[str, ...],
    find: Callable[[Results], Array],
    low: float = 0.0,
    high: float = math.inf,
    form: str = ".2f",
    unit: str = "",
) -> ClaimTest:
    """Return the test of whether values `(s,)` that are found in the results of arms lie from `low` to `high`."""
    return ClaimTest(arms, lambda its: judge(find(its), low, high, form, unit))


def check_theory(arm: str, tolerance: float = 0.0, middle: float = 0.0, near: float = 0.0) -> ClaimTest:
    """Return the test of whether the measured curve of an arm is that of its theory: exactly, or within a tolerance.

    Points that are nearer than `near` to the `middle` of the axis are left out.
    """

    def test(results: Results) -> Verdict:
        far = np.abs(results.read_axis(arm) - middle) >= near
        (measured, errors), theory = pool(results, arm), pool(results, arm, "theory")[0]
        if tolerance:
            return judge_close(measured[far], errors[far], theory[far], tolerance)
        return judge_exact(measured[far], errors[far], theory[far])

    return ClaimTest((arm,), test)
