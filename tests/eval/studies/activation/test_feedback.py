import numpy as np
import pytest

from eval.studies.inputs import load_latents

pytestmark = pytest.mark.slow
pytest.importorskip("jax", reason="needs JAX, of the extra studies")
feedback = pytest.importorskip("eval.studies.activation.feedback")


def test_feedback_of_one_step_is_the_pseudo_inverse():
    curves = feedback.learn_feedback(load_latents(), 0, spans=(1, 3), hidden=8, outer=200).curves
    assert curves["learned"][0] == pytest.approx(curves["theory"][0], rel=0.01)
    assert curves["to_inverse"][0] < 5 < curves["to_transpose"][0]
    assert curves["learned"][1] < curves["backpropagation"][1] < curves["backpropagation"][0]
    assert curves["feedback_alignment"][0] > 0.9  # random weights do not help at first


def test_a_step_by_the_transpose_is_that_of_the_gradient():
    random = np.random.default_rng(0)
    target, top = random.normal(size=(3, 3)), random.normal(size=(2, 3))
    left = target - 0.1 * target @ top.T @ top
    assert float(feedback.descend(target, top, 1, top.T, 0.1)) == pytest.approx(np.square(left).sum(), rel=1e-5)


def test_angles_are_those_after_the_map():
    target = np.diag([1.0, 0.0])
    assert feedback.measure_angle(target, np.array([[1.0], [5.0]]), np.array([[2.0], [-7.0]])) == pytest.approx(
        0, abs=1e-5
    )
    assert feedback.measure_angle(np.eye(2), np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])) == pytest.approx(90)
