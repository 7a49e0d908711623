import json

import pytest

from ld_data.errors import IntegrityError
from ld_data.release.report import Goal, Row, make_report, read_goals

GOALS = {"x": {"least_std": Goal(least=0.9), "worst_mean": Goal(most=0.1)}}
NULLS = {"x": {"least_std": [0.98, 0.96, 0.97], "worst_mean": [0.01, 0.03, 0.02]}}


@pytest.fixture
def report():
    return make_report({"x": {"least_std": 0.95, "worst_mean": 0.2}, "y": {"rate": 2.0}}, NULLS, GOALS)


@pytest.mark.parametrize(
    ("value", "met"), [(0.4, True), (0.6, True), (0.39, False), (0.61, False), (float("nan"), False)]
)
def test_a_goal_is_a_range(value, met):
    assert Goal(0.4, 0.6).is_met(value) == met
    assert Row("x", "c2st", value, goal=Goal(0.4, 0.6)).is_missed != met


def test_an_allowance_lets_a_missed_goal_pass_and_keeps_the_mark():
    reached, fallen = (Row("x", "c2st", value, goal=Goal(most=0.52, allowance=0.02)) for value in (0.53, 0.55))
    assert (reached.is_missed, reached.is_refused) == (True, False)
    assert (fallen.is_missed, fallen.is_refused) == (True, True)
    assert not Row("x", "signal", 0.7, goal=Goal(least=0.85, allowance=0.2)).is_refused
    assert Row("x", "signal", None, goal=Goal(least=0.85, allowance=0.2)).is_refused


def test_a_null_has_a_mean_and_a_worst_value(report):
    least, worst, rate = report.rows
    assert (least.null_mean, least.null_worst) == (pytest.approx(0.97), 0.96)
    assert (worst.null_mean, worst.null_worst) == (pytest.approx(0.02), 0.03)
    assert rate.null_mean is None


def test_missed_rows_are_marked_and_described(report):
    assert [str(row) for row in report.rows if row.is_missed] == ["x worst_mean is 0.2, goal at most 0.1"]
    lines = report.to_text().splitlines()
    assert [line for line in lines if "MISSED" in line] == [next(line for line in lines if "worst_mean" in line)]


def test_json_holds_values_nulls_and_goals_and_gives_the_goals_back(report):
    values = json.loads(json.dumps(report.to_values()))
    assert values["y"] == {"rate": {"value": 2.0}}
    assert values["x"]["worst_mean"]["missed"] is True
    assert (
        make_report({"x": {"least_std": 0.95, "worst_mean": 0.2}, "y": {"rate": 2.0}}, NULLS, read_goals(values))
        == report
    )


def test_a_measure_that_is_not_a_number_is_missed_and_written_as_none():
    report = make_report({"x": {"least_std": float("nan"), "worst_mean": 0.0}}, {}, GOALS)
    assert [row.measure for row in report.refused] == ["least_std"]
    values = json.loads(json.dumps(report.to_values(), allow_nan=False))
    assert (values["x"]["least_std"]["value"], values["x"]["least_std"]["missed"]) == (None, True)


def test_goals_without_a_measure_are_missed():
    report = make_report({"x": {"worst_mean": 0.0}}, {}, {**GOALS, "z": {"rate": Goal(least=1)}})
    assert {row.measure for row in report.rows if row.is_missed} == {"least_std", "rate"}
    assert "not measured" in report.to_text()
    json.dumps(report.to_values(), allow_nan=False)


@pytest.mark.parametrize("values", [{"x": {"worst_mean": 0.03}}, {"x": {"a": {"goal": {"surprise": 1}}}}, {"x": 3}])
def test_values_of_another_form_are_refused(values):
    with pytest.raises(IntegrityError, match="not one of this format"):
        read_goals(values)


def test_a_measure_without_a_goal_is_not_missed():
    assert not Row("x", "worst_mean", 5.0).is_missed
