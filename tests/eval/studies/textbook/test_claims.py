import numpy as np
import pytest

from eval.studies.design.study import find_study
from eval.studies.design.trials import Results, Trial

STUDY = find_study("textbook")
CURVES = ("train_error", "test_error", "train_loss", "test_loss")
FIGURES = {
    "mlp-100": {"train_error": 0.1, "test_error": 39.0, "fresh_error": 38.0},
    "mlp-200": {"best_error": 33.0, "fresh_error": 36.0, "test_error": 36.0},
    "mlp-200-augmented": {"fresh_error": 34.0, "best_error": 33.0},
    "mlp-285-135-60": {"fresh_error": 40.0, "test_error": 40.0},
    "mlp-plain": {"test_loss": 2.2, "best_loss": 1.25, "test_error": 39.0},
    "mlp-285-135-60-plain": {"test_error": 40.0, "fresh_error": 40.0},
    "cnn-strided": {"fresh_error": 17.0, "test_error": 17.0},
    "cnn-strided-plain": {"test_error": 17.0, "fresh_error": 17.0},
    "random-data": {"true": 0.3, "inputs": 0.6, "labels": 0.9},
    "depth-four": {"loss_1": 0.8, "loss_2": 0.6, "loss_3": 0.4, "loss_4": 0.2},
    "latents-permuted": {"left": 0.0},
}
BLOCKS = np.arange(1.0, 6)


def make_curves(arm):
    """Curves of an arm that agree with the book."""
    if arm.startswith("mlp"):
        return {"at": BLOCKS + 35} | dict.fromkeys(CURVES, 0 * BLOCKS + 1)
    if arm.startswith("cnn"):
        return {}
    if arm.startswith("residual"):
        theory = BLOCKS if arm == "residual-normalised" else 2**BLOCKS
        share = 1 - 1 / np.pi if arm == "residual-normalised" else 1
        errors = {"error": 0.01 * theory, "variance_error": 0.01 * theory}
        return {"at": BLOCKS, "theory": theory, "measured": theory, "variance": share * theory} | errors
    if arm == "latents-permuted":
        return {"at": BLOCKS, "theory": BLOCKS, "measured": BLOCKS, "error": BLOCKS}
    if arm == "latents-memory":
        return {"at": np.array([0.79, 1.022]), "train_loss": np.array([0.2, 0.001])}
    return {"at": BLOCKS} | dict.fromkeys(FIGURES[arm], BLOCKS)


def make_trials(arm, changes):
    """Three equal trials of an arm, with changes of figures, and of curves under names such as @variance."""
    values, curves = FIGURES.get(arm, {}) | changes.get(arm, {}), make_curves(arm)
    curves = {name: (changes.get(arm, {}).get(f"@{name}", points)).tolist() for name, points in curves.items()}
    figures = {name: value for name, value in values.items() if name[0] != "@"}
    return [Trial(STUDY.name, arm, seed, "", "0", "", figures, curves, 1.0) for seed in range(3)]


def judge(changes):
    trials = [trial for arm in STUDY.arms for trial in make_trials(arm, changes)]
    return [claim["verdict"] for claim in STUDY.judge(Results(trials))], Results(trials)


def test_all_claims_hold_for_the_figures_of_the_book_and_are_drawn():
    verdicts, results = judge({})
    assert set(verdicts) == {"holds"}
    assert {row["verdict"] for row in STUDY.compare(results)} == {"", "within"}
    assert [len(picture.panels) for picture in STUDY.draw(results)] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("arm", "changes", "places"),
    [
        ("mlp-100", {"train_error": 2.0, "test_error": 36.0}, [0, 1]),
        ("mlp-plain", {"test_error": 41.0, "test_loss": 0.9}, [2, 3]),
        ("mlp-200", {"best_error": 35.0, "fresh_error": 33.0}, [4, 5]),
        ("cnn-strided-plain", {"fresh_error": 41.0}, [6]),
        ("residual-growing", {"@variance": 1.7**BLOCKS}, [8]),
        ("residual-normalised", {"@measured": 2 * BLOCKS, "@variance": BLOCKS}, [9, 10]),
        ("random-data", {"inputs": 0.2, "labels": 0.1}, [11, 12]),
        ("depth-four", {"loss_3": 0.1}, [15]),
        ("latents-permuted", {"@measured": 9 * BLOCKS}, [16]),
        ("latents-memory", {"@train_loss": np.array([0.01, 0.02])}, [17, 18]),
    ],
)
def test_each_claim_is_judged_by_its_own_figures(arm, changes, places):
    verdicts = judge({arm: changes})[0]
    assert [place for place, verdict in enumerate(verdicts) if verdict == "fails"] == places
