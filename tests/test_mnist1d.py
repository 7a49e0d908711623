from dataclasses import replace

import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.hashing import hash_array
from ld_data.mnist1d import Mnist1dConfig, make_mnist1d, make_templates

SMALL = Mnist1dConfig(num_samples=200)


def test_the_default_arguments_give_the_published_arrays():
    """The sha256 of the published file's x and x_test, as float32."""
    data = make_mnist1d()
    assert hash_array(data.x.astype(np.float32)) == "d53506bddd12d3b72c7153b1ae7f34807724b1dd078a7273809bf9d0792319f6"
    assert (
        hash_array(data.x_test.astype(np.float32)) == "30addc43827c82aafa5db8bc97cea63349ca687e87db2f201cc4f5415d9a4ebd"
    )


def test_every_published_array_is_equal_as_float32(mnist_home):
    path = mnist_home / "mnist1d_published.npz"
    if not path.is_file():
        pytest.skip("needs mnist1d_published.npz in LD_DATA_HOME")
    published, data = np.load(path), make_mnist1d()
    for name in ("x", "y", "x_test", "y_test", "t"):
        assert np.array_equal(getattr(data, name).astype(np.float32), published[name].astype(np.float32)), name
    assert np.array_equal(make_templates(), published["templates_x"])


def test_the_global_random_state_is_neither_used_nor_changed():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = make_mnist1d(SMALL).x
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(make_mnist1d(SMALL).x, first)


def test_shapes_classes_and_scale():
    data = make_mnist1d(replace(SMALL, train_split=0.75, final_seq_length=30))
    assert data.x.shape == (150, 30)
    assert data.x_test.shape == (50, 30)
    assert data.t.shape == (30,)
    assert np.array_equal(np.bincount(np.concatenate([data.y, data.y_test])), np.full(10, 20))
    everything = np.concatenate([data.x, data.x_test])
    assert everything.mean() == pytest.approx(0, abs=1e-12)
    assert everything.std() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 43},
        {"padding": (10, 20)},
        {"scale_coeff": 1.0},
        {"max_translation": 5},
        {"corr_noise_scale": 0.5},
        {"iid_noise_scale": 0.5},
        {"shear_scale": 0.1},
        {"shuffle_seq": True},
        {"template_len": 20},
    ],
)
def test_every_argument_changes_the_signals(change):
    assert not np.allclose(make_mnist1d(SMALL).x, make_mnist1d(replace(SMALL, **change)).x)


def test_shuffled_steps_are_the_same_steps_in_another_order():
    plain, shuffled = make_mnist1d(SMALL).x, make_mnist1d(replace(SMALL, shuffle_seq=True)).x
    assert np.allclose(np.sort(plain, axis=1), np.sort(shuffled, axis=1), atol=1e-12)


def test_without_noise_translation_and_shear_a_signal_is_its_template():
    quiet = replace(
        SMALL, padding=(0, 0), max_translation=1, scale_coeff=0.0, corr_noise_scale=0.0, iid_noise_scale=0.0
    )
    data = make_mnist1d(replace(quiet, shear_scale=0.0, final_seq_length=12, train_split=1.0))
    templates = make_templates()
    for label in range(10):
        for signal in data.x[data.y == label]:
            assert np.corrcoef(signal, templates[label])[0, 1] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"num_samples": 9}, "num_samples must be 10 or more"),
        ({"num_samples": -1}, "num_samples"),
        ({"num_samples": 100.0}, "num_samples must be an integer"),
        ({"train_split": 1.5}, "train_split"),
        ({"train_split": float("nan")}, "train_split"),
        ({"padding": (60, 36)}, "least <= most"),
        ({"padding": (-1, 3)}, "padding"),
        ({"padding": ("a", "b")}, "padding"),
        ({"padding": 3}, "pair"),
        ({"max_translation": 0}, "max_translation"),
        ({"corr_noise_scale": -0.1}, "corr_noise_scale"),
        ({"iid_noise_scale": float("inf")}, "iid_noise_scale"),
        ({"scale_coeff": "1"}, "scale_coeff"),
        ({"shuffle_seq": 1}, "shuffle_seq"),
        ({"final_seq_length": 1}, "final_seq_length"),
        ({"seed": 2**32}, "seed"),
        ({"seed": True}, "seed"),
        ({"max_translation": 2**63}, "max_translation"),
        ({"template_len": 1, "padding": (0, 0)}, "2 or more"),
    ],
)
def test_bad_arguments_are_refused_by_name(change, reason):
    with pytest.raises(InputError, match=reason):
        Mnist1dConfig(**change)


@pytest.mark.parametrize("change", [{"iid_noise_scale": 1e308}, {"scale_coeff": 1e308}])
def test_scales_that_overflow_are_refused(change):
    with pytest.raises(InputError, match="cannot be scaled"):
        make_mnist1d(Mnist1dConfig(num_samples=50, **change))
