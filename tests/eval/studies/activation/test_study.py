import pytest

from eval.studies.activation.study import FEEDBACK, LEARNED, LOSSES, REDRAWN, SHOWN, SPANS
from eval.studies.design.study import find_study
from ld_data.errors import MissingLibraryError
from tests.support.studies import make_trials

STUDY = find_study("activation")


def make_results(own=67.1, fresh=64.0, redrawn=64.0, dip_at=0.15, left_top=0.6, left=0.381, last=0.004, **angles):
    angle, turned, near = (
        angles.get(name, value) for name, value in (("angle", 1.0), ("turned", 34.0), ("near", 25.0))
    )
    names = ("learned", "relu", "swish", "elu", "tanh", "softplus", "sigmoid", "pieces")
    figures = {f"{kind}_{name}": 58.8 for kind in ("own", "fresh", "loss") for name in names}
    figures |= {f"f({at:g})": at for at in SHOWN} | {"dip_at": dip_at, "dip": -0.85, "left_top": left_top}
    figures |= {"own_learned": own, "fresh_learned": fresh, "last_accuracy": 67.1}
    curves = {"at": [float(step) for step in LOSSES], "loss": [*LOSSES.values()], "accuracy": [60.0] * len(LOSSES)}
    trials = make_trials(STUDY, LEARNED, figures, curves, step=1e-3)
    trials += make_trials(STUDY, REDRAWN, figures | {"fresh_learned": redrawn}, curves, step=1e-3)
    points = {
        "at": [float(span) for span in SPANS],
        "learned": [left, 0.1, 0.05, 0.01, last],
        "backpropagation": [0.59, 0.48, 0.39, 0.2, 0.06],
        "feedback_alignment": [1.0, 1.0, 1.0, 0.4, 0.1],
        "theory": [0.381] * 5,
        "to_transpose": [38.0, 36.0, turned, 80.0, 96.0],
        "to_inverse": [angle, 20.0, near, 77.0, 95.0],
    }
    return STUDY.take_results([*trials, *make_trials(STUDY, FEEDBACK, {}, points)])


def list_failed(**changes):
    return [claim["name"][:40] for claim in STUDY.judge(make_results(**changes)) if claim["verdict"] != "holds"]


def test_the_published_figures_hold():
    assert list_failed() == []
    assert {row["verdict"] for row in STUDY.compare(make_results())} == {"", "within"}


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"own": 60.0}, "The learned function is better than ReLU by 5 points"),
        ({"fresh": 50.0}, "It is better on fresh signals and first weights"),
        ({"redrawn": 50.0}, "With first weights drawn anew for each training"),
        ({"dip_at": -0.9}, "Its lowest point is within 0.5 of 0."),
        ({"left": 0.4}, "After one step, learned feedback weights leave"),
        ({"angle": 20.0}, "They are then the pseudo-inverse of the weights"),
        ({"turned": 50.0}, "After four steps they lie between it and the transpose"),
        ({"near": 36.0}, "They are still nearer to it than to the transpose."),
        ({"last": 0.07}, "They leave less than backpropagation"),
        ({"left_top": -0.5}, "It is not monotone: it falls on the left by more than 0.5."),
    ],
)
def test_other_figures_fail(changes, failed):
    assert [name[:36] for name in list_failed(**changes)] == [failed[:36]]


def test_pictures_show_losses_accuracies_functions_and_feedback():
    signals, latents = STUDY.draw(make_results())
    assert [len(panel.lines) for panel in (*signals.panels, *latents.panels)] == [2, 5, 2, 4, 2]


def test_a_missing_jax_names_the_extra(monkeypatch):
    from eval.studies.design.running import list_tasks, plan_trials

    monkeypatch.setattr("ld_data.extras.find_spec", lambda name: None if name == "jax" else name)
    with pytest.raises(MissingLibraryError, match=r"this needs jax, which the extra studies brings"):
        plan_trials(list_tasks(STUDY, 0, 1, quick=True))
