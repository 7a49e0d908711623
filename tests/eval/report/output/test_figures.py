from copy import deepcopy

import numpy as np
import pytest

from eval.report.output.figures import draw_report

pytestmark = pytest.mark.slow


def test_every_part_has_a_figure(report):
    figures = dict(draw_report(report, {"linear": 0.268, "backpropagation": 0.9}))
    assert list(figures) == ["scale", "cost", "alignment", "curves", "streams"]
    names = [label.get_text() for label in figures["scale"].axes[0].get_yticklabels()]
    assert sorted(names) == sorted([*report["rules"], "linear"])
    assert [axes.get_xlabel() for axes in figures["curves"].axes[:2]] == ["training rows", "rows of a batch"]
    assert [axes.get_title() for axes in figures["curves"].axes[:2]] == ["passes: 3", "passes: 1"]
    assert len(figures["alignment"].axes) == 2
    skills, accuracies = figures["streams"].axes
    rules = len(report["rules"])
    assert (len(skills.patches), len(accuracies.patches)) == (4 * rules, 2 * rules)
    ends = report["streams"]["one_pass"]["figures"]["delta_rule.py:Delta"]
    assert skills.patches[0].get_height() == pytest.approx(np.mean([end["skill"]["final"] for end in ends]))


def test_figures_cope_with_what_was_not_measured(report):
    poor = deepcopy(report) | {"alignment": {"not_measured": "no reason"}, "curves": {}, "streams": {}}
    for rule in poor["rules"].values():
        rule["cost"].pop("macs_per_row")
        rule["figures"]["skill"] |= {"low": None, "high": None}
    assert list(dict(draw_report(poor, {}))) == ["scale", "cost"]
    diverged = deepcopy(report)
    diverged["streams"]["classes"]["figures"]["backpropagation"] = [None, None]
    diverged["curves"]["batch_rows"]["skill"]["backpropagation"][0] = [None, None]
    diverged["curves"]["batch_rows"]["epochs"]["backpropagation"] = 2
    figure, streams = (dict(draw_report(diverged, {}))[name] for name in ("curves", "streams"))
    assert len(streams.axes[0].patches) == 4 * len(report["rules"]) - 1
    assert figure.axes[1].get_title() == "passes: 1 and 2"
    assert [len(line.get_xdata()) for line in figure.axes[1].lines[:2]] == [3, 2]
