from dataclasses import replace

import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.sources.shifts import describe_parameters, plan_shifts, shift_inputs
from tests.support.fakes import make_source

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (10, 12, 9), np.uint8)
SIGNALS = RANDOM.normal(size=(2000, 40)).astype(np.float32)


def plan(name, inputs):
    return plan_shifts(replace(make_source(), name=name, inputs_test=inputs), seed=3)


def test_images_and_signals_have_their_own_shifts():
    assert list(plan("a", IMAGES)) == ["rotation-15", "rotation-30", "noise", "occlusion", "background"]
    assert list(plan("a", SIGNALS)) == ["noise", "scale", "missing"]
    with pytest.raises(InputError, match=r"grey images \(n, h, w\) and signals \(n, t\); a has inputs of \(9, 9, 3\)"):
        plan("a", np.zeros((4, 9, 9, 3)))


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("mnist-rot-back-image-like", ["noise", "occlusion"]),
        ("mnist-rot", ["noise", "occlusion", "background"]),
        ("mnist-back-rand-like", ["rotation-15", "rotation-30", "noise", "occlusion"]),
        ("my-rot", ["rotation-15", "rotation-30", "noise", "occlusion", "background"]),
    ],
)
def test_a_source_has_no_shift_that_its_models_have_met(name, left):
    assert list(plan(name, IMAGES)) == left


@pytest.mark.parametrize("inputs", [pytest.param(IMAGES, marks=pytest.mark.slow), SIGNALS], ids=["images", "signals"])
def test_a_row_depends_on_its_number_and_the_seed_alone(inputs):
    for name, parameters in plan("a", inputs).items():
        whole = shift_inputs(name, inputs, parameters)
        assert (whole.shape, whole.dtype) == (inputs.shape, np.float32)
        assert np.array_equal(shift_inputs(name, inputs[:7], parameters), whole[:7])
        if "seed" in parameters:
            assert not np.array_equal(shift_inputs(name, inputs, {**parameters, "seed": 4}), whole)
        if inputs is IMAGES:
            assert 0 <= whole.min() < whole.max() <= 1


def test_a_shift_without_strength_changes_nothing():
    pixels = IMAGES / np.float32(255)
    zero = {"rotation-30": {"degrees": 0}, "noise": {"std": 0, "seed": 0}, "occlusion": {"share": 0, "seed": 0}}
    for name, parameters in {**zero, "background": {"brightness": 0, "seed": 0}}.items():
        assert np.array_equal(shift_inputs(name, IMAGES, parameters), pixels)
    assert np.array_equal(shift_inputs("missing", SIGNALS, {"share": 0, "seed": 0}), SIGNALS)
    assert np.array_equal(shift_inputs("scale", SIGNALS, {"factor": 1}), SIGNALS)


def test_a_rotation_turns_counter_clockwise():
    square = IMAGES[:, :9]
    turned = shift_inputs("rotation-30", square, {"degrees": 90})
    assert turned == pytest.approx(np.rot90(square, axes=(1, 2)) / 255, abs=1e-6)


def test_an_occlusion_hides_one_rectangle_anywhere():
    white = np.ones((4000, 12, 9), np.float32)
    hidden = shift_inputs("occlusion", white, {"share": 1 / 3, "seed": 0}) == 0
    for axis, size, places in ((1, 4, 9), (2, 3, 7)):
        sides = hidden.any(axis=3 - axis)
        assert (sides.sum(axis=1) == size).all()
        assert set(sides.argmax(axis=1)) == set(range(places))
    assert (hidden.sum(axis=(1, 2)) == 12).all()


def test_noise_and_missing_points_have_their_strength():
    noise = shift_inputs("noise", SIGNALS, {"std": 0.5, "seed": 0}) - SIGNALS
    assert noise.std() == pytest.approx(0.5, abs=0.01)
    missing = shift_inputs("missing", SIGNALS, {"share": 0.2, "seed": 0})
    assert (missing == 0).mean() == pytest.approx(0.2, abs=0.01)
    assert np.array_equal(missing[missing != 0], SIGNALS[missing != 0])


@pytest.mark.parametrize(("name", "parameters"), [("nope", {}), ("scale", {"nope": 1})])
def test_an_unknown_shift_or_parameter_is_refused(name, parameters):
    with pytest.raises(InputError, match=f"no shift '{name}' with .* Known: rotation-15, "):
        shift_inputs(name, SIGNALS, parameters)


def test_parameters_are_described_in_words():
    assert describe_parameters({"std": 0.5, "seed": 0}) == "std 0.5, seed 0"
