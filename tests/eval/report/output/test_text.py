from copy import deepcopy

from eval.report.output.text import write_text


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
    poor["rules"]["feedback-alignment"]["stream_plan"]["learning_rate"] = 0.0025
    poor["streams"]["classes"] = {"figures": figures, "failures": ["it forgot itself"]}
    text = write_text(poor)
    rows = [line.split() for line in text.splitlines() if line.startswith("classes in order, skill")]
    assert [row[6:] for row in rows] == [["failed"], ["0.375", "1.000", "0.000"]]
    assert rows[1][4:6] == ["feedback-alignment", "0.0025"]
    curves = [line.split() for line in text.splitlines() if line.startswith("training rows")]
    assert [row[2:4] for row in curves] == [["delta_rule.py:Delta", "100:"], ["20", "backpropagation"]]
    for words in (
        "alignment: not measured, since of a reason.",
        "3.2 J",
        "not counted",
        "failed: it was too wide",
        "failed: it forgot itself",
        "100: failed  600: 0.250",
    ):
        assert words in text
