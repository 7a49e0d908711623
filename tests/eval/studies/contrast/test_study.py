import pytest

from eval.studies.contrast.study import CEILING, ENCODERS, ENDS, LAYERS, MEMORY, SUPERVISED, UNTRAINED
from eval.studies.design.study import find_study
from tests.support.studies import make_trials

STUDY = find_study("contrast")


def make_results(output=75.0, none=53.4, untrained=45.0, labels=92.0, estimate=1.9, measured=2.2923, memory=5.0):
    trials = []
    for arm, accuracies in LAYERS.items():
        layers = [*accuracies]
        if len(layers) == 6:
            layers[5] = output
        if len(layers) == 4:
            layers[3] = none
        curves = {"at": [float(layer) for layer in range(len(layers))], "accuracy": layers, "fresh": layers}
        figures = dict(zip(("loss", "neighbours"), ENDS[arm], strict=True))
        trials += make_trials(STUDY, arm, figures, curves)
    for arm, value in ((UNTRAINED, untrained), (SUPERVISED, labels)):
        trials += make_trials(STUDY, arm, {}, {"at": [0.0, 3.0], "accuracy": [32.8, value], "fresh": [32.8, value]})
    exact = {"at": [128.0, 512.0], "measured": [2.2655, measured], "error": [1e-3, 1e-3], "theory": [2.2655, 2.2923]}
    trials += make_trials(STUDY, CEILING, {"entropy": 2.3012}, exact, step=1e-6)
    for arm, inside in ((ENCODERS, 2.2), (MEMORY, memory)):
        curves = {"at": [2.0, 16.0], "estimate": [1.0, estimate], "train_estimate": [1.0, inside], "accuracy": [63, 95]}
        trials += make_trials(STUDY, arm, {"ceiling": 2.2923}, curves)
    return STUDY.take_results(trials)


def list_failed(results):
    return [claim["name"] for claim in STUDY.judge(results) if claim["verdict"] == "fails"]


def test_the_published_figures_hold():
    results = make_results()
    assert {claim["verdict"] for claim in STUDY.judge(results)} == {"holds"}
    assert {row["verdict"] for row in STUDY.compare(results)} == {"", "within"}


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"output": 83.0}, "With a projector, the output is worse than that layer."),
        ({"none": 95.0}, "Without a projector the best layer lies earlier."),
        ({"untrained": 83.0}, "Training without labels improves layer 3."),
        ({"labels": 80.0}, "Labels improve it further."),
        ({"measured": 2.3}, "A critic that knows the classes gets exactly the estimate of the formula."),
        ({"estimate": 2.4}, "On held-out rows no encoder exceeds that ceiling, at any width."),
        (
            {"memory": 2.0},
            "Encoders that memorise 2,000 rows exceed the ceiling on these: an estimate above it is a leak.",
        ),
    ],
)
def test_other_figures_fail(changes, failed):
    assert failed in list_failed(make_results(**changes))


def test_pictures_show_layers_ceiling_and_encoders():
    layers, latents = STUDY.draw(make_results())
    assert [len(panel.lines) for panel in (*layers.panels, *latents.panels)] == [5, 3, 4]
