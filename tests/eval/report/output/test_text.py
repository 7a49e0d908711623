from copy import deepcopy

import pytest

from eval.report.output.text import describe_difference, write_text


def test_the_text_has_all_tables(report):
    text = write_text(report)
    assert text.startswith("delta_rule.py:Delta on fake, 600 + 200 rows, 2 seeds\n")
    for words in (
        "The best learning rate of",
        "skill minus that of feedback-alignment: ",
        "cosine with the gradient, layer 3",
        "energy",
        "training rows",
        "classes in order, accuracy",
    ):
        assert words in text
    row = next(line for line in text.splitlines() if line.startswith("weight transport"))
    assert row.split() == ["weight", "transport", "values", "none", "does", "not", "hold"]


def test_the_text_names_what_was_not_measured(report):
    poor = deepcopy(report) | {"alignment": {"not_measured": "of a reason"}, "energy_joules": 3.25}
    poor["rules"]["backpropagation"]["cost"]["macs_per_row"] = None
    poor["rules"]["backpropagation"]["figures"]["skill"] |= {"low": None}
    poor["curves"]["rows"]["epochs"] = {"delta_rule.py:Delta": None, "backpropagation": 20}
    poor["curves"]["rows"]["failures"] = ["it was too wide"]
    poor["curves"]["rows"]["skill"]["backpropagation"] = [[None], [0.25]]
    ends = [{"skill": {"average": own, "forgetting": 1, "forward_transfer": 0}} for own in (0.25, 0.5)]
    figures = {"backpropagation": [None, None], "feedback-alignment": [None, *ends]}
    poor["rules"]["feedback-alignment"]["stream_plan"]["classes_learning_rate"] = 0.0025
    poor["rules"]["backpropagation"]["cost"]["to_half"] = {"seeds": 1, "passes": 3.0, "cpu_seconds": 0.5}
    poor["noise_free"] = True
    poor["streams"]["classes"] = {"figures": figures, "failures": ["it forgot itself"]}
    text = write_text(poor)
    rows = [line.split() for line in text.splitlines() if line.startswith("classes in order, skill")]
    assert [row[6:] for row in rows] == [["failed"], ["0.375", "1.000", "0.000"]]
    assert rows[1][4:6] == ["feedback-alignment", "0.0025"]
    curves = [line.split() for line in text.splitlines() if line.startswith("training rows")]
    assert [row[2:4] for row in curves] == [["delta_rule.py:Delta", "100:"], ["20", "backpropagation"]]
    for words in (
        "2 seeds, trained on class means\n",
        "3.0, 0.50 (1 of 2)",
        "alignment: not measured, since of a reason.",
        "3.2 J",
        "not counted",
        "failed: it was too wide",
        "failed: it forgot itself",
        "100: failed  600: 0.250",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("is_significant", "low", "words"),
    [
        (True, 0.1, "0.100 to 0.300 over seeds), significant"),
        (True, -0.1, "-0.100 to 0.300 over seeds), significant over rows, not over seeds"),
        (False, 0.1, "0.100 to 0.300 over seeds), not significant"),
        (True, None, "over test rows), significant over rows"),
    ],
)
def test_a_difference_is_significant_if_both_intervals_leave_out_0(is_significant, low, words):
    rows = {"value": 0.2, "low": 0.15, "high": 0.25, "is_significant": is_significant}
    report = {"differences": {"other": {"skill": {"over_rows": rows, "over_seeds": {"low": low, "high": 0.3}}}}}
    assert describe_difference(report, "other").endswith(words)
