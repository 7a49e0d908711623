from functools import partial

import numpy as np
import pytest

from eval.studies.inputs import make_signals
from eval.studies.lottery.tickets import TwoSets
from eval.studies.perceptron import Perceptron

pytestmark = pytest.mark.slow
jax = pytest.importorskip("jax", reason="needs JAX, of the extra studies")
unrolled = pytest.importorskip("eval.studies.activation.unrolled")


@pytest.fixture(scope="module")
def sets():
    return TwoSets(make_signals(300, 200), make_signals(300, 200, seed=43))


@pytest.fixture(scope="module")
def theta():
    return [jax.numpy.asarray(layer) for layer in Perceptron(unrolled.OWN_SIZES, np.random.default_rng(1)).weights]


def test_the_table_is_the_function_and_its_slope(theta, sets):
    course = unrolled.draw_course(sets.published, 3, np.random.default_rng(0))
    bend, noise = unrolled.make_learned(theta, course)
    at = np.random.default_rng(0).uniform(-7.9, 7.9, (30, 10)).astype(np.float32)
    exact = partial(unrolled.evaluate, theta)
    both = [jax.vmap(jax.value_and_grad(function))(at.ravel()) for function in (bend, exact)]
    np.testing.assert_allclose(both[0][0], both[1][0], atol=1e-4)
    np.testing.assert_allclose(both[0][1], both[1][1], atol=2e-3)
    assert noise.shape == (4, 128)
    assert np.isfinite(bend(np.float32([-99, 99]))).all()


def test_the_outer_slope_is_that_of_finite_differences(theta, sets):
    course = unrolled.draw_course(sets.published, 6, np.random.default_rng(0))
    slopes = unrolled.find_slope(theta, course)[1]
    random = np.random.default_rng(2)
    moves = [0.03 * random.normal(size=layer.shape).astype(np.float32) for layer in theta]
    ends = [
        float(
            unrolled.find_slope([layer + sign * move for layer, move in zip(theta, moves, strict=True)], course)[0][0]
        )
        for sign in (1, -1)
    ]
    expected = 2 * sum(float((slope * move).sum()) for slope, move in zip(slopes, moves, strict=True))
    assert ends[0] - ends[1] == pytest.approx(expected, rel=0.05)


def test_a_function_is_learned_and_compared(sets, monkeypatch):
    monkeypatch.setattr(unrolled, "KNOWN", {"relu": unrolled.KNOWN["relu"]})
    monkeypatch.setattr(unrolled, "FRESH_STARTS", 2)
    fixed = unrolled.learn(sets, 0, outer=4, steps=6, redrawn=False)
    monkeypatch.setattr(unrolled, "compare", lambda *_: {})
    redrawn = unrolled.learn(sets, 0, outer=4, steps=6, redrawn=True)
    assert fixed.curves["loss"][-1] < fixed.curves["loss"][0] == redrawn.curves["loss"][0]
    assert redrawn.curves["loss"][1:] != fixed.curves["loss"][1:]
    names = {f"{kind}_{name}" for kind in ("own", "fresh", "loss") for name in ("learned", "relu")}
    assert names | {"f(-5)", "f(5)", "dip", "dip_at", "left_top", "last_loss", "last_accuracy"} < set(fixed.figures)


def test_pieces_are_those_of_the_notebook():
    values = unrolled.bend_pieces(np.array([-4.0, -1.5, -0.5, 0.0, 0.5, 2.0]))
    np.testing.assert_allclose(values, [0.3, 0.475, -0.25, -0.75, -0.75, 1.0], atol=1e-6)


def test_the_elu_at_the_start_does_not_fall_on_its_left(theta):
    shape = unrolled.describe_shape([0 * layer for layer in theta])
    assert shape["dip_at"] == -2
    assert shape["left_top"] < shape["dip"]
