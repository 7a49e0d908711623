from dataclasses import replace

import pytest

from eval.studies.design.study import find_study
from eval.studies.design.trials import Results, Trial
from eval.studies.lottery.study import CONDITIONS, LATENTS, MASKS, NOTEBOOK_TRANSFERS

STUDY = find_study("lottery")
PUBLISHED = [65.6, 75.0, 67.7, 63.4, 41.7]


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
    figures |= {"same_ticket": 75.0, "fresh_counts": 60.5}
    for name, value, null in (("", 0.0093, 0.0056), ("_3", 0.00235, 0.00015), ("_4", 0.0003, 0.0)):
        figures |= {f"adjacent{name}": value, f"adjacent{name}_null": null}
    curves = {"at": [0.0, 0.9192, 0.9697, 0.9798, 1.0], "accuracy": PUBLISHED, "loss": [2.0, 1.0, 1.0, 1.0, 2.0]}
    return make_trials("mlp-search", figures, curves, step)


def test_the_notebook_contradicts_the_page():
    verdicts = {claim["name"]: claim["verdict"] for claim in STUDY.judge(STUDY.take_results(make_search()))}
    assert {name for name, verdict in verdicts.items() if verdict == "fails"} == {
        "It is better with the signals flipped.",
        "It is better with the chunks of the signals exchanged.",
    }
    assert sum(verdict == "holds" for verdict in verdicts.values()) == 11


@pytest.mark.parametrize(
    ("figures", "accuracy", "start"),
    [
        (
            {"shuffle_ticket": 67.75},
            [65.6, 75.0, 67.7, 63.4, 41.7],
            "With the points",
        ),  # less than in order, but a gain
        ({}, [65.6, 60.0, 67.7, 63.4, 41.7], "It is better in its search"),
        ({"fresh_counts": 70.0}, PUBLISHED, "It is better than a random mask with its counts"),
        ({"adjacent_3": -1.0}, PUBLISHED, "The ticket keeps three"),
        ({}, [65.6, 75.0, 60.0, 59.0, 41.7], "In its search, it falls below"),  # earlier
        ({}, [65.6, 75.0, 72.0, 71.0, 64.0], "In its search, it falls below"),  # later
    ],
)
def test_each_claim_is_judged_by_its_own_figures(figures, accuracy, start):
    trials = [
        replace(trial, figures=trial.figures | figures, curves=trial.curves | {"accuracy": accuracy})
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


def test_pruned_networks_and_planted_supports_are_judged_and_drawn():
    at = [0.0, *STUDY.arms["latents-networks"].plan["shares"][1:]]
    kinds = {"magnitude": [1.0, 1.0, 0.9, 0.7, 0.5, 0.3], "rotation": [1.0, 1.0, 0.9, 0.6, 0.4, 0.2]}
    curves = {"at": at, **kinds, "random": [1.0, 0.8, 0.6, 0.4, 0.2, 0.1]}
    trials = make_trials("latents-networks", {"dense": 7.0}, curves)
    rows = [float(count) for count in STUDY.arms["latents-planted"].plan["rows"]]
    found = {"magnitude": [0.3, 0.5, 0.7, 0.8, 0.9, 0.95], "rotation": [0.12] * 6, "chance": [0.11] * 6}
    trials += make_trials("latents-planted", {}, {"at": rows, **found})
    verdicts = [its["verdict"] for its in STUDY.judge(Results(trials)) if "not measured" not in its["measured"]]
    assert verdicts == ["holds"] * 4
    (picture,) = STUDY.draw(Results(trials))
    assert [len(panel.lines) for panel in picture.panels] == [3, 3]
