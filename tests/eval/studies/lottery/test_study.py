from dataclasses import replace

import pytest

from eval.studies.design.study import find_study
from eval.studies.design.trials import Results, Trial
from eval.studies.lottery.study import CONDITIONS, LATENTS, MASKS, NOTEBOOK_TRANSFERS

STUDY = find_study("lottery")


def make_trials(arm, figures, curves, step=0.01):
    """Three trials of an arm, whose figures grow a little with the seed."""
    protocol = STUDY.arms[arm].describe_protocol(quick=False)
    values = [{name: value + step * seed for name, value in figures.items()} for seed in range(3)]
    return [Trial(STUDY.name, arm, seed, protocol, "0", "numpy", values[seed], curves, 1.0) for seed in range(3)]


def make_search(step=0.01):
    """Trials with the transfers of the notebook."""
    figures = {f"{condition}_{mask}": 64.0 for condition in CONDITIONS for mask in MASKS}
    for condition, values in NOTEBOOK_TRANSFERS.items():
        figures |= {f"{condition}_{mask}": value for mask, value in zip(MASKS, values, strict=True) if value}
    figures |= {"same_ticket": 75.0, "adjacent": 0.0093, "adjacent_null": 0.0072}
    curves = {"at": [0.0, 0.9192], "accuracy": [65.6, 75.0], "loss": [2.0, 1.0]}
    return make_trials("mlp-search", figures, curves, step)


def test_the_notebook_contradicts_the_page():
    verdicts = {claim["name"]: claim["verdict"] for claim in STUDY.judge(STUDY.take_results(make_search()))}
    assert {name for name, verdict in verdicts.items() if verdict == "fails"} == {
        "It is better with the signals flipped.",
        "It is better with the chunks of the signals exchanged.",
    }
    assert sum(verdict == "holds" for verdict in verdicts.values()) == 7


@pytest.mark.parametrize(
    ("ticket", "accuracy", "start"),
    [
        (67.75, 75.0, "With the points"),  # a smaller gain than in order is still one
        (62.8, 60.0, "It is better in its search"),
    ],
)
def test_each_claim_is_judged_by_its_own_figures(ticket, accuracy, start):
    trials = [
        replace(
            trial,
            figures=trial.figures | {"shuffle_ticket": ticket},
            curves=trial.curves | {"accuracy": [65.6, accuracy]},
        )
        for trial in make_search()
    ]
    (verdict,) = (its["verdict"] for its in STUDY.judge(STUDY.take_results(trials)) if its["name"].startswith(start))
    assert verdict == "fails"


def test_published_points_of_the_search_are_found_on_its_axis():
    levels = STUDY.arms["mlp-search"].plan["levels"]
    axis = [round(level / (levels - 1), 4) for level in range(levels)]
    names = [figure.name for figure in STUDY.published if figure.name.startswith("accuracy") and "search" in figure.arm]
    assert len(names) == 8
    rounded = {float(f"{place:.5g}") for place in axis}
    near = {min(rounded, key=lambda its: abs(its - float(name.partition("@")[2]))) for name in names}
    assert {float(name.partition("@")[2]) for name in names} == near
    shares = STUDY.arms["mlp-random"].plan["shares"]
    assert all(
        float(figure.name.partition("@")[2]) in shares for figure in STUDY.published if figure.arm == "mlp-random"
    )


@pytest.mark.parametrize(("turned", "verdict"), [(0.408, "holds"), (0.5, "fails")])
def test_latents_are_judged_and_drawn(turned, verdict):
    trials = []
    for arm in LATENTS:
        energy = turned if arm == "latents-rotation" else 0.481
        curves = {"at": [0.5, 0.08], "measured": [1.0, 1.1], "error": [0.01, 0.01], "theory": [1.0, 1.1]}
        trials += make_trials(arm, {}, curves | {"energy": [0.9, energy]})
    results = Results(trials)
    words = [claim["verdict"] for claim in STUDY.judge(results) if "not measured" not in claim["measured"]]
    assert words == ["holds", "holds", "holds", verdict]
    first, second = STUDY.draw(Results([*trials, *make_search()]))
    assert [len(panel.lines) for panel in (*first.panels, *second.panels)] == [1, 1, 3]
