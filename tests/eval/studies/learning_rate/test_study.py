import pytest

from eval.studies.design.study import find_study
from eval.studies.design.trials import Trial

STUDY = find_study("learning-rate")


def make_trials(arm, figures, curves):
    """Three trials of an arm, whose figures and curves grow a little with the seed."""
    protocol = STUDY.arms[arm].describe_protocol(quick=False)
    return [
        Trial(
            STUDY.name, arm, seed, protocol, "0", "numpy",
            {name: value + 1e-4 * seed for name, value in figures.items()},
            {name: [value + 1e-4 * seed * (name == "measured") for value in values] for name, values in curves.items()},
            1.0,
        )
        for seed in range(3)
    ]  # fmt: skip


def make_results(end=0.62, best=0.62, last=0.76, measured=(0.0109, 0.0085)):
    ends = {f"{name}_from_{start}": end for name in ("rate", "mean_loss", "final_loss") for start in ("1.5", "0.15")}
    descent = make_trials(
        "mlp-descent", ends, {"at": [3.0, 9.0, 21.0, 33.0], **{name: [1.0, 1.0, 1.0, end] for name in ends}}
    )
    points = {"rate_of_least_mean_loss": best, "rate_of_least_final_loss": last, "least_final_loss": 1.5}
    grid = make_trials("mlp-grid", points, {"at": [0.1, 1.0], "mean_loss": [2.0, 1.7], "final_loss": [2.0, 1.5]})
    exact = {"at": [0.005, 0.02], "measured": [*measured], "error": [1e-4, 1e-4], "theory": [0.0109, 0.0085]}
    latents = [*make_trials("latents-recursion", {}, exact), *make_trials("latents-teacher", {}, exact)]
    ratios = {"ratio_mean": 1.0, "ratio_last": 1.02, "ratio_schedule": 1.01}
    learned = make_trials("latents-learned", ratios, {"at": [0.0, 1.0], "learned": [0.03, 0.02], "best": [0.035, 0.02]})
    return STUDY.take_results([*descent, *grid, *latents, *learned])


def list_failed(results):
    return [claim["name"].split(",")[0] for claim in STUDY.judge(results) if claim["verdict"] == "fails"]


def test_the_published_figures_hold():
    results = make_results()
    assert list_failed(results) == []
    assert {claim["verdict"] for claim in STUDY.judge(results)} == {"holds"}
    assert {row["verdict"] for row in STUDY.compare(results) if row["label"].startswith("rate")} == {"within"}


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"end": 0.7}, ["It is the best rate of a grid"]),
        ({"end": 0.9, "best": 0.9, "last": 1.1}, ["The best rate is 0.62 within 0.08"]),
        ({"last": 0.5}, ["The last loss is least at a higher rate than the mean loss."]),
        (
            {"measured": (0.0109, 0.02)},
            [
                "At constant rates the excess of a linear teacher's learner follows the recursion exactly.",
                "With y of the release",
            ],
        ),
    ],
)
def test_other_figures_fail(changes, failed):
    assert list_failed(make_results(**changes)) == failed


def test_the_best_rate_is_shown_with_its_spread():
    (shown,) = (claim["measured"] for claim in STUDY.judge(make_results()) if claim["name"].startswith("The best"))
    assert shown.endswith("3 seeds, standard deviation 0.000")


def test_pictures_show_descent_grid_and_latents():
    signals, latents = STUDY.draw(make_results())
    assert [panel.title for panel in signals.panels][-1] == "all rates of a grid"
    assert len(signals.panels) == 4
    assert [len(panel.lines) for panel in latents.panels] == [2, 2, 2]
