import json
from dataclasses import replace

import numpy as np
import pytest

from ld_data.errors import InputError
from vae.config import VaeConfig

CONFIG = VaeConfig(input_shape=(28, 28), flow_couplings=2)


@pytest.mark.parametrize("config", [CONFIG, VaeConfig(input_shape=(3,), encoder_filters=(), encoder_units=(4, 2))])
def test_json_round_trip(config):
    assert VaeConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_numbers_of_numpy_are_written_as_others():
    own = VaeConfig(input_shape=(28, 28), latent_dim=np.int64(8), encoder_units=(np.int32(4),), beta=np.float32(0.5))
    expected = VaeConfig(input_shape=(28, 28), latent_dim=8, encoder_units=(4,), beta=0.5)
    assert json.dumps(own.to_json()) == json.dumps(expected.to_json())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"latent_dim": 1}, "latent_dim must be 2 or more"),
        ({"input_shape": (3, 2, 1)}, "input_shape"),
        ({"input_shape": (2, 2, 4)}, "input_shape"),
        ({"input_shape": (2, 2, 3, 3)}, "input_shape"),
        ({"input_shape": ()}, "input_shape"),
        ({"input_shape": (0,)}, "input_shape"),
        ({"likelihood": "poisson"}, "likelihood must be one of bernoulli"),
        ({"activation": "tanh"}, "activation must be one of relu, silu"),
        ({"beta": -1.0}, "beta"),
        ({"beta": float("nan")}, "beta"),
        ({"noise_std": 0.0}, "noise_std"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"posterior_std": -0.1}, "posterior_std"),
        ({"flow_couplings": -1}, "flow_couplings"),
        ({"averaging": 1.0}, "averaging"),
        ({"divergence": 1.0}, "need a flow"),
        ({"flow_epochs": 1}, "need a flow"),
        ({"class_loss": 1.0, "flow_class_loss": 1.0}, "need a flow"),
        ({"flow_class_loss": 1.0, "flow_couplings": 2}, "flow_class_loss needs a classifier"),
        ({"augmentation": 1.0, "input_shape": (40,)}, "only images"),
        ({"seed": -1}, "seed"),
    ],
)
def test_values_out_of_range_are_refused_by_name(change, reason):
    with pytest.raises(InputError, match=reason):
        VaeConfig(**{"input_shape": (28, 28), **change})


@pytest.mark.parametrize("change", [{"surprise": 1}, {"beta": ...}])
def test_json_with_other_fields_is_refused(change):
    values = {**CONFIG.to_json(), **change}
    values = {name: value for name, value in values.items() if value is not ...}
    with pytest.raises(InputError, match="fields"):
        VaeConfig.from_json(values)


def test_fields_that_were_added_are_written_only_where_they_matter():
    assert not {"class_units", "class_linear", "flow_class_loss"} & CONFIG.to_json().keys()
    other = replace(CONFIG, class_loss=1.0, class_units=(8,), flow_class_loss=1.0)
    assert VaeConfig.from_json(json.loads(json.dumps(other.to_json()))) == other
