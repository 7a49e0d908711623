import numpy as np
import pytest

from eval.studies.design.verdicts import judge_exact
from eval.studies.inputs import load_latents
from eval.studies.learning_rate.latents import Learner, learn_rates, measure_recursion
from tests.support.studies import make_latents

RATES = np.linspace(0.01, 0.2, 5)


@pytest.mark.parametrize("last", [False, True])
def test_the_slopes_are_those_of_finite_differences(last):
    learner = Learner(make_latents(), 5, 6, teacher=True)
    x, y = learner.draw(3, np.random.default_rng(0))

    def measure(rates):
        excess = np.square(learner.train(rates, x, y)[0]).sum(axis=(2, 3)) / learner.d
        return (excess[-1] if last else excess[:-1].mean(axis=0)).mean()

    slopes = learner.find_slopes(RATES, x, y, last)
    for step, move in enumerate(1e-6 * np.eye(5)):
        assert slopes[step] == pytest.approx((measure(RATES + move) - measure(RATES - move)) / 2e-6, abs=1e-7)


@pytest.mark.slow
def test_the_excess_of_a_linear_learner_follows_the_recursion():
    settings = {"rates": (0.005, 0.02, 0.1, 0.5), "runs": 8, "steps": 60, "batch_rows": 50}
    exact = measure_recursion(load_latents(), 0, teacher=True, **settings)
    measured, errors, theory = (np.array(exact.curves[name]) for name in ("measured", "error", "theory"))
    assert judge_exact(measured, errors, theory).word == "holds"
    assert measure_recursion(load_latents(), 0, teacher=False, **settings).figures["worst_ratio"] < 0.05


def test_the_best_rates_are_best():
    learner = Learner(make_latents(), 30, 6, teacher=True)
    schedule = learner.find_schedule()
    least = learner.predict(schedule)[-1]
    assert (np.diff(schedule) < 0).all()
    for factor in (0.9, 1.1):
        assert learner.predict(factor * schedule)[-1] > least
    for last in (False, True):
        best = learner.find_constant(last)
        values = [learner.predict(np.full(30, factor * best)) for factor in (0.9, 1.0, 1.1)]
        own = [value[-1] if last else value[:-1].mean() for value in values]
        assert own[1] == min(own) > least


@pytest.mark.slow
def test_learned_rates_come_to_the_best():
    figures = learn_rates(make_latents(), 0, outer=300, runs=10, steps=10, batch_rows=20).figures
    assert figures["ratio_mean"] == pytest.approx(1, abs=0.1)
    assert figures["ratio_last"] == pytest.approx(1, abs=0.1)
    assert 1 <= figures["ratio_schedule"] < 1.1
