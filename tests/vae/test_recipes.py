import pytest

from ld_data.errors import InputError, UnknownNameError
from tests.support.fakes import make_source
from vae.recipes import GOALS_OF_ANY, IMAGE, MNIST_GOALS, RECIPES, find_recipe


@pytest.mark.parametrize("name", [name for name in RECIPES if "1d" not in name])
def test_a_recipe_takes_the_shape_and_the_classes_of_a_source(name):
    recipe = find_recipe(name, make_source())
    assert recipe.x.input_shape == (2, 2)
    assert recipe.classes.input_shape == (3,)


def test_changes_that_are_none_leave_the_recipe_alone():
    assert find_recipe("mnist").change(latent_dim=None, epochs=3).x.epochs == 3
    assert find_recipe("mnist").change(latent_dim=None, y=None) == find_recipe("mnist")


def test_goals_hold_for_the_latent_size_that_they_were_set_for():
    assert find_recipe("mnist").change(latent_dim=IMAGE.latent_dim, seed=3).goals == MNIST_GOALS
    assert find_recipe("mnist").change(latent_dim=8).goals == GOALS_OF_ANY


def test_a_recipe_of_one_source_is_found_by_its_name():
    rotated = find_recipe("mnist-rot-back-image-like")
    assert rotated.x.class_loss > find_recipe("mnist-rot-like").x.class_loss
    assert {"kept", "probes"} < set(rotated.goals)


def test_a_recipe_for_signals_is_none_for_images():
    with pytest.raises(InputError, match=r"mnist1d is for signals \(t,\); fake has \(2, 2\)"):
        find_recipe("mnist1d", make_source())


def test_an_unknown_recipe_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="Known: mnist, mnist1d"):
        find_recipe("cifar")


def test_trained_classes_have_no_goal_of_exact_ones():
    assert set(find_recipe("mnist").change(y="gaussian").goals) == set(MNIST_GOALS) - {"y_train", "y_test"}
