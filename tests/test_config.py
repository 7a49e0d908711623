import json

import pytest

from ld_data.errors import InputError, UnknownNameError
from vae.config import RECIPES, VaeConfig, find_recipe


@pytest.mark.parametrize("config", list(RECIPES.values()))
def test_json_round_trip(config):
    assert VaeConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_changes_that_are_none_leave_the_recipe_alone():
    assert find_recipe("mnist", latent_dim=8, beta=None) == VaeConfig(input_shape=(28, 28), latent_dim=8)


def test_a_source_without_a_recipe_is_refused():
    with pytest.raises(UnknownNameError, match="no recipe"):
        find_recipe("cifar")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"latent_dim": 1}, "latent_dim must be 2 or more"),
        ({"input_shape": (1, 2, 3)}, "input_shape"),
        ({"input_shape": (0,)}, "input_shape"),
        ({"likelihood": "poisson"}, "likelihood"),
        ({"beta": -1.0}, "beta"),
        ({"beta": float("nan")}, "beta"),
        ({"noise_std": 0.0}, "noise_std"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"seed": -1}, "seed"),
    ],
)
def test_values_out_of_range_are_refused_by_name(change, reason):
    with pytest.raises(InputError, match=reason):
        VaeConfig(**{"input_shape": (28, 28), **change})


@pytest.mark.parametrize("change", [{"surprise": 1}, {"beta": ...}])
def test_json_with_other_fields_is_refused(change):
    values = {**RECIPES["mnist"].to_json(), **change}
    values = {name: value for name, value in values.items() if value is not ...}
    with pytest.raises(InputError, match="fields"):
        VaeConfig.from_json(values)
