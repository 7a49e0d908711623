import pytest

from eval.report.output.ladder_bars import WORDS, draw_ladder


def test_each_model_has_a_bar_for_each_rung_in_the_colour_of_its_word():
    skills = {"linear": (1.0, -0.5), "my_rule:fit": (0.7, 0.2)}
    results = [
        {
            "release": "fake",
            "model": model,
            "seed": 0,
            "rows": 60,
            "rungs": [
                {"task": task, "skill": skill, "skill_standard_error": 0.01, "word": word}
                for task, skill, word in zip(("copy", "classes"), own, ("partly", "not"), strict=True)
            ],
        }
        for model, own in skills.items()
    ]
    figure = draw_ladder(results)
    assert [axes.get_title() for axes in figure.axes] == ["linear", "fit"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["copy", "classes"]
    assert [bar.get_width() for axes in figure.axes for bar in axes.patches] == pytest.approx([1, 0, 0.7, 0.2])
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.00", "-0.50"]
    assert len({bar.get_facecolor() for axes in figure.axes for bar in axes.patches}) == 2 < len(WORDS)
