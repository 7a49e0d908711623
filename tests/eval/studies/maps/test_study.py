import pytest

from eval.studies.design.study import find_study
from eval.studies.design.trials import Results
from eval.studies.maps.study import FEATURES, NOISE, OF_MANY, OF_MNIST, OF_ROTATED, OF_SIGNALS, PIXELS, SIGNALS
from tests.support.studies import make_trials

STUDY = find_study("maps")
ROWS = {  # divergence, silhouette, nearest, neighbours on the map
    PIXELS: (1.5, 0.34, 93.0, 93.0),
    SIGNALS: (2.5, -0.05, 58.0, 53.0),
    FEATURES: (1.2, 0.4, 92.0, 92.0),
    OF_MNIST: (3.7, -0.1, 47.0, 40.0),
    OF_SIGNALS: (3.7, -0.1, 37.0, 32.0),
    OF_MANY: (3.7, -0.1, 40.0, 30.0),
    OF_ROTATED: (3.7, -0.1, 34.0, 27.0),
    NOISE: (3.7, -0.03, 11.0, 12.0),
}


def make_trial_list(**changes):
    curves = {"at": [0.0, 1.0, 2.0], "place_across": [0.0, 1.0, 0.5], "place_up": [0.0, 1.0, 0.5]}
    curves["place_class"] = [0.0, 1.0, 0.0]
    trials = []
    for arm, values in (ROWS | changes).items():
        names = ("divergence", "silhouette", "nearest", "map_neighbours")
        figures = dict(zip(names, values, strict=True)) | {"neighbours": 59.0}
        trials += make_trials(STUDY, arm, figures, curves, step=1e-3)
    return trials


def list_failed(**changes):
    return [
        claim["name"]
        for claim in STUDY.judge(STUDY.take_results(make_trial_list(**changes)))
        if claim["verdict"] != "holds"
    ]


def test_the_expected_figures_hold():
    assert list_failed() == []
    rows = STUDY.compare(STUDY.take_results(make_trial_list()))
    assert [row["verdict"] for row in rows] == ["within", "within", ""]


@pytest.mark.parametrize(
    ("arm", "values", "failed"),
    [
        (
            OF_MNIST,
            (3.6, -0.1, 47.0, 40.0),
            "The map of x of ld-mnist-32 has the divergence of maps of noise, within 1 %.",
        ),
        (OF_SIGNALS, (3.7, 0.1, 37.0, 32.0), "Its classes overlap: their mean silhouette is below 0."),
        (
            OF_ROTATED,
            (3.7, -0.1, 20.0, 27.0),
            "Yet x holds the class: its nearest neighbour reads 20 points more than that of noise.",
        ),
        (FEATURES, (1.2, -0.2, 92.0, 92.0), "A trained network separates its classes: the silhouette rises."),
    ],
)
def test_other_figures_fail(arm, values, failed):
    assert list_failed(**{arm: values}) == [failed]


def test_each_class_has_its_colour_on_a_map():
    first, second = STUDY.draw(Results(make_trial_list()))
    assert [len(picture.panels) for picture in (first, second)] == [3, 5]
    assert first.panels[0].title == "pixels of MNIST: 1.50 nats"
    assert [line.at.tolist() for line in first.panels[0].lines] == [[0.0, 0.5], [1.0]]


def test_places_are_not_checked():
    assert set(make_trial_list()[0].list_values()) == {
        "divergence",
        "silhouette",
        "nearest",
        "neighbours",
        "map_neighbours",
    }
