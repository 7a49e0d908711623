import pytest

from eval.studies.design.study import find_study
from eval.studies.design.trials import Results, Trial
from eval.studies.pooling.claims import ACCURACIES, KEPT, SIZES

STUDY = find_study("pooling")


def make_trials(arm, curves, figures):
    """Three trials of an arm, whose curves grow a little with the seed, and more for longer names."""
    values = [
        {name: [point + 0.001 * seed * len(arm) for point in points] for name, points in curves.items()}
        for seed in range(3)
    ]
    at = list(map(float, STUDY.arms[arm].plan["rows"]))
    return [Trial(STUDY.name, arm, seed, "", "0", "", figures, {"at": at} | values[seed], 1.0) for seed in range(3)]


def make_signals_of(kind, values):
    """Trials of all arms of a kind, with these accuracies over the sizes."""
    trials = []
    for method, points in values.items():
        if (arm := f"{kind}-{method}") in STUDY.arms:
            own = [points[SIZES.index(rows)] for rows in STUDY.arms[arm].plan["rows"]]
            curves = {f"accuracy_{part}": own for part in range(1, 7)} | {"own": own}
            trials += make_trials(arm, curves, {})
    return trials


def make_latents_of(kind, excess):
    trials = []
    for kept in KEPT:
        curves = {"measured": excess[kept], "theory": excess[kept], "error": [1.0] * 8}
        trials += make_trials(f"latents-{kind}-{kept}", curves, {"crossing_ratio": 1.0, "predicted_crossing": 1_893.0})
    return trials


def judge(trials):
    return {
        claim["name"]: claim["verdict"]
        for claim in STUDY.judge(Results(trials))
        if "not measured" not in claim["measured"]
    }


def test_the_notebook_contradicts_the_blog():
    verdicts = judge(make_signals_of("cnn", ACCURACIES))
    fails = {name for name, verdict in verdicts.items() if verdict == "fails"}
    assert fails == {"With 50,000 rows, pooling hinders, on average over its three kinds: rows in order."}
    assert list(verdicts.values()).count("holds") == 3
    assert len(verdicts) == 5


@pytest.mark.parametrize(("plain", "verdict"), [(99.0, "holds"), (90.0, "fails")])
def test_each_order_of_the_rows_is_judged_by_its_own_arms(plain, verdict):
    values = ACCURACIES | {"none": (*ACCURACIES["none"][:-1], plain)}
    for kind in ("shuffled", "passes"):
        assert set(judge(make_signals_of(kind, values)).values()) == {verdict}


def test_projections_are_judged_and_drawn():
    excess = {5: [3, 3, 3, 3, 3, 3, 3, 3], 7: [2] * 8, 9: [5, 5, 5, 5, 5, 1, 1, 1], 32: [9] * 8}
    trials = make_latents_of("release", excess) + make_latents_of("teacher", excess)
    assert set(judge(trials).values()) == {"holds", "undecided"}  # errors of 1 decide no tolerance of 5 %
    worse = judge(make_latents_of("release", excess | {5: [9] * 8, 32: [4] * 8}))
    assert {name[:2] for name, verdict in worse.items() if verdict == "fails"} == {"5 ", "9 "}
    pictures = list(STUDY.draw(Results([*trials, *make_signals_of("cnn", ACCURACIES)])))
    assert [len(picture.panels) for picture in pictures] == [2, 3, 2]
    assert [len(panel.lines) for panel in pictures[0].panels] == [5, 4]
