"""Health reports: each measure beside its null and its goal."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ld_data.errors import IntegrityError

Measures = dict[str, float]
Groups = dict[str, Measures]
Nulls = dict[str, dict[str, list[float]]]  # a value for each seed


@dataclass(frozen=True)
class Goal:
    """The range of a measure: from `least` to `most`, either of them None if it is open.

    A build may exceed the range by the `allowance` and still be published: the goal then counts as missed, but the
    allowance guards the level that was reached.
    """

    least: float | None = None
    most: float | None = None
    allowance: float = 0.0

    def is_met(self, value: float, allowance: float = 0.0) -> bool:
        """Return whether a value lies in the range, widened by an allowance at both ends; NaN never does."""
        above = self.least is None or value >= self.least - allowance
        return above and (self.most is None or value <= self.most + allowance)

    def __str__(self) -> str:
        """Return the range in words."""
        ends = (("at least", self.least), ("at most", self.most))
        return ", ".join(f"{word} {end:g}" for word, end in ends if end is not None)


Goals = Mapping[str, Mapping[str, Goal]]


@dataclass(frozen=True)
class Row:
    """One measure of a report.

    Attributes:
        group, measure: its name, in two parts.
        value: of the measure; None for a goal without a measure.
        null_mean, null_worst: of true N(0, I) samples over the seeds; None for a measure without a null.
        goal: of the measure; None without one.
    """

    group: str
    measure: str
    value: float | None
    null_mean: float | None = None
    null_worst: float | None = None
    goal: Goal | None = None

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal and the value lies outside."""
        return self.goal is not None and (self.value is None or not self.goal.is_met(self.value))

    @property
    def is_refused(self) -> bool:
        """Whether the value lies outside the goal and its allowance, so that a build is not published."""
        return self.goal is not None and (self.value is None or not self.goal.is_met(self.value, self.goal.allowance))

    def to_cells(self) -> tuple[str, ...]:
        """Return the cells of a table: measure, value, null, worst null, goal, and a mark of a missed goal."""
        figures = (
            "" if figure is None else f"{figure:.4f}" for figure in (self.value, self.null_mean, self.null_worst)
        )
        kind = ", not measured" if self.value is None else "" if self.is_refused else ", allowed"
        return (self.measure, *figures, str(self.goal or ""), f"MISSED{kind}" if self.is_missed else "")

    def __str__(self) -> str:
        """Return the row as a sentence."""
        value = "not measured" if self.value is None else f"{self.value:.4g}"
        allowance = f", allowance {self.goal.allowance:g}" if self.goal is not None and self.goal.allowance else ""
        return f"{self.group} {self.measure} is {value}, goal {self.goal}{allowance}"


@dataclass(frozen=True)
class HealthReport:
    """The rows of a report, in the order of their groups."""

    rows: tuple[Row, ...]

    @property
    def refused(self) -> tuple[Row, ...]:
        """The rows for which a build is not published."""
        return tuple(row for row in self.rows if row.is_refused)

    def to_values(self) -> dict[str, dict[str, Any]]:
        """Return the report as JSON values: group, measure, then value (None for NaN), its null, and its goal."""
        groups: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            is_number = row.value is not None and np.isfinite(row.value)
            entry: dict[str, Any] = {"value": row.value if is_number else None}
            if row.null_mean is not None:
                entry |= {"null_mean": row.null_mean, "null_worst": row.null_worst}
            if row.goal is not None:
                entry |= {"goal": asdict(row.goal), "missed": row.is_missed}
            groups.setdefault(row.group, {})[row.measure] = entry
        return groups

    def to_text(self) -> str:
        """Return the report as a table, a missed goal marked."""
        from tabulate import tabulate  # late: 30 ms that loading a release should not pay

        groups = [None, *(row.group for row in self.rows)]
        lines = [
            ("" if group == before else group, *row.to_cells())
            for (before, group), row in zip(pairwise(groups), self.rows, strict=True)
        ]
        heads = ("", "", "value", "null", "worst null", "goal", "")
        align = ("left", "left", "right", "right", "right", "left", "left")
        return tabulate(lines, heads, "plain", colalign=align, disable_numparse=True)


def make_report(measured: Groups, nulls: Nulls, goals: Goals) -> HealthReport:
    """Return the report of measures beside their nulls and goals, with a row for each goal."""
    rows = []
    for group in dict.fromkeys((*measured, *goals)):
        measures, wanted, null_values = measured.get(group, {}), goals.get(group, {}), nulls.get(group, {})
        for name in dict.fromkeys((*measures, *wanted)):
            null = null_values.get(name)
            mean = None if null is None else float(np.mean(null))
            worst = None if null is None else (min if name.startswith("least") else max)(null)
            rows.append(Row(group, name, measures.get(name), mean, worst, wanted.get(name)))
    return HealthReport(tuple(rows))


def read_goals(values: Mapping[str, Any]) -> Goals:
    """Return the goals in the JSON values of a report; raise `IntegrityError` for other values."""
    try:
        return {
            group: {name: Goal(**row["goal"]) for name, row in rows.items() if "goal" in row}
            for group, rows in values.items()
        }
    except (TypeError, KeyError, AttributeError) as error:
        raise IntegrityError(
            f"the health report is not one of this format ({error}). Build the release again."
        ) from error
