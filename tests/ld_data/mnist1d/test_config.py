import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.mnist1d.config import Mnist1dConfig, check_templates, make_templates


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"num_samples": 0}, "num_samples must be from 1 to"),
        ({"num_samples": -1}, "num_samples"),
        ({"num_samples": 100.0}, "num_samples must be an integer"),
        ({"train_split": 1.5}, "train_split"),
        ({"train_split": float("nan")}, "train_split"),
        ({"padding": (60, 36)}, "least <= most"),
        ({"padding": (-1, 3)}, "padding"),
        ({"padding": ("a", "b")}, "padding"),
        ({"padding": 3}, "pair"),
        ({"max_translation": 0}, "max_translation"),
        ({"padding": np.zeros((2, 2), int)}, "pair"),
        ({"corr_noise_scale": -1e7}, "corr_noise_scale"),
        ({"iid_noise_scale": float("inf")}, "iid_noise_scale"),
        ({"iid_noise_scale": float("nan")}, "iid_noise_scale"),
        ({"scale_coeff": "1"}, "scale_coeff"),
        ({"shuffle_seq": 2}, "shuffle_seq"),
        ({"shuffle_seq": "False"}, "shuffle_seq"),
        ({"final_seq_length": 1}, "final_seq_length"),
        ({"template_len": 0}, "template_len"),
        ({"seed": 2**32}, "seed"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"max_translation": 2**63}, "max_translation"),
        ({"num_samples": 10**5000}, "one of 16610 bits"),
        ({"scale_coeff": 1e7}, r"from -1e\+06 to 1e\+06"),
        ({"scale_coeff": 10**5000}, "scale_coeff"),
        ({"template_len": 1, "padding": (0, 0)}, "2 or more"),
    ],
)
def test_bad_arguments_are_refused_by_name(change, reason):
    with pytest.raises(InputError, match=reason):
        Mnist1dConfig(**change)


def test_numpy_s_numbers_and_lists_become_python_s():
    config = Mnist1dConfig(
        template_len=np.uint8(200), padding=[0, np.uint8(100)], scale_coeff=np.float32(0.5), shuffle_seq=np.True_
    )
    assert config == Mnist1dConfig(template_len=200, padding=(0, 100), scale_coeff=0.5, shuffle_seq=True)
    assert config.dilated_length == 300
    assert {type(value) for value in (config.template_len, *config.padding)} == {int}


def test_the_templates_are_the_published_ones(mnist_home):
    path = mnist_home / "mnist1d_published.npz"
    if not path.is_file():
        pytest.skip("needs mnist1d_published.npz in LD_DATA_HOME")
    assert np.array_equal(make_templates(), np.load(path)["templates_x"])


@pytest.mark.parametrize(
    ("templates", "reason"),
    [
        (np.zeros(12), "shape"),
        (np.zeros((0, 12)), "shape"),
        (np.zeros((257, 12)), "shape"),
        (np.zeros((10, 1)), "shape"),
        ([[1, 2, 3], [1, 2]], "differ in length"),
        ([["a", "b"]], "numbers"),
        ([[1.0, np.nan]], "finite"),
        ([[1.0, 1e7]], "within"),
        ({"x": [[1.0, 2.0]]}, 'Pass its "x"'),
    ],
)
def test_bad_templates_are_refused(templates, reason):
    with pytest.raises(InputError, match=reason):
        check_templates(templates)
