import shlex
from dataclasses import replace

import pytest

from ld_data.errors import InputError, UnknownNameError
from ld_data.release.manifest import read_manifest
from tests.support.fakes import make_source
from vae.goals import GOALS_OF_ANY, MNIST_GOALS
from vae.recipes import (
    IMAGE,
    RECIPES,
    choose_recipe,
    choose_release_name,
    describe_build,
    find_recipe,
    restore_recipe,
)


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


def test_readability_weighs_the_class_in_x():
    recipe = find_recipe("mnist").change(readability=60)
    assert (recipe.x.class_loss, recipe.x.flow_class_loss, recipe.goals) == (60.0, 1.0, GOALS_OF_ANY)
    without = find_recipe("mnist").change(readability=0)
    assert (without.x.class_loss, without.x.flow_class_loss) == (0.0, 0.0)
    same_weight = find_recipe("mnist").change(readability=IMAGE.class_loss)  # of the class in x, not in u
    assert (same_weight.x.class_loss, same_weight.x.flow_class_loss) == (IMAGE.class_loss, 1.0)
    assert (same_weight.readability, find_recipe("mnist").readability) == (IMAGE.class_loss, None)
    assert same_weight.change(readability=IMAGE.class_loss) == same_weight


@pytest.mark.parametrize("readability", [-1, 1001, float("nan")])
def test_a_readability_out_of_range_is_refused(readability):
    with pytest.raises(InputError, match=r"readability must be from 0 to 1000; received"):
        find_recipe("mnist").change(readability=readability)


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


def test_a_source_has_a_recipe_of_its_own_or_that_of_images():
    assert choose_recipe(make_source()).name == "images"
    assert choose_recipe(replace(make_source(), name="mnist"), epochs=3).settings["epochs"] == 3
    assert choose_recipe(replace(make_source(), name="mnist")).name == "mnist"
    assert choose_recipe(make_source(), "ld-mnist-v3").name == "ld-mnist-v3"


def test_the_command_of_a_build_holds_the_settings_that_differ():
    own, mnist = replace(make_source(), file="my own.npz"), replace(make_source(), name="mnist")
    prefix = "python -m ld_data build "

    def describe(source, recipe, release=None, has_goals=True):
        return describe_build(source, recipe, release or choose_release_name(source, recipe), has_goals)

    plain = choose_recipe(mnist)
    assert describe(mnist, plain) == f"{prefix}mnist --seed 0"
    assert describe(mnist, plain, "mine", has_goals=False) == f"{prefix}mnist --release mine --seed 0 --no-goals"
    changed = plain.change(latent_dim=5, y="gaussian", readability=30, epochs=1, flow_epochs=2, seed=3)
    words = "--latent-dim 5 --y gaussian --readability 30.0 --epochs 1 --flow-epochs 2 --seed 3"
    assert describe(mnist, changed) == f"{prefix}mnist {words}"
    words = "--source-npz 'my own.npz' --licence Apache-2.0 --recipe ld-mnist-v3 --seed 0"
    assert describe(own, choose_recipe(own, "ld-mnist-v3")) == prefix + words
    assert shlex.split(describe(own, choose_recipe(own)))[4:6] == ["--source-npz", "my own.npz"]
    dashed = replace(own, file="-a.npz")
    assert shlex.split(describe(dashed, choose_recipe(dashed)))[4:6] == ["--source-npz", "./-a.npz"]
    folder = replace(own, file="KMNIST/raw", option="--source-idx")
    assert shlex.split(describe(folder, choose_recipe(folder)))[4:6] == ["--source-idx", "KMNIST/raw"]


def test_a_build_that_only_python_can_repeat_has_no_command():
    mnist = replace(make_source(), name="mnist")
    recipe = choose_recipe(mnist)
    assert describe_build(make_source(), choose_recipe(make_source()), "a", has_goals=True) == ""
    assert describe_build(mnist, replace(recipe, name="mine"), "a", has_goals=True) == ""
    assert describe_build(mnist, replace(recipe, x=replace(recipe.x, beta=2.0)), "a", has_goals=True) == ""


def test_a_recipe_is_restored_from_the_manifest(release):
    source, manifest = make_source(), read_manifest(release)
    recipe = choose_recipe(source, "mnist", latent_dim=4, y="gaussian", epochs=2, flow_epochs=1, seed=0)
    assert recipe.goals
    kept = replace(manifest, recipe=recipe.to_record(has_goals=True))
    assert restore_recipe(kept, source) == recipe
    free = replace(manifest, recipe=recipe.to_record(has_goals=False))
    assert restore_recipe(free, source) == replace(recipe, goals={})
    with pytest.raises(UnknownNameError, match="no recipe 'fake'"):
        restore_recipe(manifest, source)
