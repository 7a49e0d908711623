import warnings
from dataclasses import asdict, replace

import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.mnist1d.canonical import make_canonical
from ld_data.mnist1d.config import Mnist1dConfig, make_templates
from ld_data.storage.hashing import hash_array

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    original = pytest.importorskip("mnist1d.data")  # the original package

SMALL = Mnist1dConfig(num_samples=200)
OTHER_ARGUMENTS = [
    {"seed": 43},
    {"seed": 2**32 - 1},
    {"num_samples": 207},
    {"train_split": 0.0},
    {"train_split": 1.0},
    {"template_len": 1},
    {"template_len": 20},
    {"template_len": 100},
    {"padding": (0, 0)},
    {"padding": (0, 1)},
    {"padding": (10, 20)},
    {"padding": (60, 60)},
    {"scale_coeff": 0.0},
    {"scale_coeff": 3.0},
    {"max_translation": 1},
    {"max_translation": 5},
    {"max_translation": 72},
    {"max_translation": 500},
    {"corr_noise_scale": 0.0},
    {"corr_noise_scale": 2.0},
    {"iid_noise_scale": 0.0},
    {"iid_noise_scale": 0.5},
    {"shear_scale": 0.0},
    {"shear_scale": 5.0},
    {"shuffle_seq": True},
    {"final_seq_length": 2},
    {"final_seq_length": 72},
    {"final_seq_length": 101},
    {"template_len": 4, "padding": (3, 7), "max_translation": 20, "final_seq_length": 7, "shuffle_seq": True},
    {"corr_noise_scale": 0.0, "iid_noise_scale": 0.0, "shear_scale": 0.0},
]


def make_original(config, template=None):
    args = original.ObjectView(asdict(config))
    state = np.random.get_state()  # noqa: NPY002
    try:
        return original.make_dataset(args, template)
    finally:
        np.random.set_state(state)  # noqa: NPY002


def test_the_default_arguments_give_the_published_arrays():
    """The sha256 of the published file's x and x_test, as float32."""
    x = make_canonical(make_templates(), Mnist1dConfig())[0].astype(np.float32)
    assert hash_array(x[:4000]) == "d53506bddd12d3b72c7153b1ae7f34807724b1dd078a7273809bf9d0792319f6"
    assert hash_array(x[4000:]) == "30addc43827c82aafa5db8bc97cea63349ca687e87db2f201cc4f5415d9a4ebd"


@pytest.mark.parametrize("change", OTHER_ARGUMENTS, ids=str)
def test_other_arguments_give_the_original_package_s_arrays(change):
    config = replace(SMALL, **change)
    expected = make_original(config)
    x, y, _ = make_canonical(make_templates(), config)
    np.testing.assert_allclose(x, np.concatenate([expected["x"], expected["x_test"]]), rtol=0, atol=1e-12)
    assert np.array_equal(y, np.concatenate([expected["y"], expected["y_test"]]))


@pytest.mark.parametrize("shape", [(3, 12), (1, 2), (25, 30)])
def test_other_templates_give_the_original_package_s_arrays(shape):
    templates = np.random.default_rng(0).normal(size=shape)
    expected = make_original(SMALL, {"x": templates, "t": np.arange(shape[1]), "y": np.arange(shape[0])})
    x, y, _ = make_canonical(templates, SMALL)
    np.testing.assert_allclose(x, np.concatenate([expected["x"], expected["x_test"]]), rtol=0, atol=1e-12)
    assert np.array_equal(y, np.concatenate([expected["y"], expected["y_test"]]))


def test_the_global_random_state_is_neither_used_nor_changed():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = make_canonical(make_templates(), SMALL)[0]
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(make_canonical(make_templates(), SMALL)[0], first)


@pytest.mark.parametrize("height", [0.0, 0.1, 1.0])
def test_signals_that_do_not_vary_are_refused(height):
    flat = replace(SMALL, padding=(0, 0), scale_coeff=0, iid_noise_scale=0, shear_scale=0)
    with pytest.raises(InputError, match="do not vary"):
        make_canonical(np.full((2, 12), height), flat)


def test_fewer_signals_than_classes_are_refused():
    with pytest.raises(InputError, match="num_samples must be 10 or more, one a class; received 9"):
        make_canonical(make_templates(), replace(SMALL, num_samples=9))
