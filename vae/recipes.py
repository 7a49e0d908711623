"""Recipes: how the models of a release are trained, and the goals that the release must meet."""

import shlex
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from cyclopts import Parameter

from ld_data.errors import InputError, UnknownNameError
from ld_data.protocols import YKind
from ld_data.release.manifest import Manifest, RecipeRecord
from ld_data.release.report import Goals
from ld_data.release.writer import name_release
from ld_data.sources.catalogue import SOURCES
from ld_data.sources.source import Source
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.stream import PRESETS
from vae.config import VaeConfig
from vae.goals import EXACT_Y, GOALS_OF_ANY, MNIST1D_60K_GOALS, MNIST1D_GOALS, MNIST_GOALS, ROTATED_GOALS

OWN_IMAGES = "images"  # the recipe of a user's own source
GREATEST_READABILITY = 1000


@dataclass(frozen=True)
class Recipe:
    """How the models of a release are trained.

    Attributes:
        x, classes: the VAE of the inputs, and that of the classes for y of the kind "gaussian".
        y: "cells", exact, or "gaussian", a trained class VAE.
        goals: the goals of a release with the latent size of `x`.
    """

    name: str
    x: VaeConfig
    classes: VaeConfig
    y: YKind = "cells"
    goals: Goals = field(default_factory=dict)

    @property
    def readability(self) -> float | None:
        """The encoder's weight of the class read off x; None if the classifier reads the inner latents instead."""
        return None if self.x.class_loss and not self.x.flow_class_loss else self.x.class_loss

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that `change` and the command line can set."""
        x = self.x
        passes = {"epochs": x.epochs, "flow_epochs": x.flow_epochs}
        return {"latent_dim": x.latent_dim, "y": self.y, "readability": self.readability, **passes, "seed": x.seed}

    def change(self, y: YKind | None = None, readability: float | None = None, **changes: Any) -> "Recipe":
        """Return the recipe with other settings of `x` and another kind of y; None leaves a setting alone.

        The readability is the encoder's weight of the class read off x: see `weigh_class`. Another latent size or
        readability keeps only the goals that hold for all; trained classes drop the goals of exact y.

        Raises:
            InputError: a setting is out of range.
        """
        x = replace(self.x, **{name: value for name, value in changes.items() if value is not None})
        if readability is not None and readability != self.readability:
            x = weigh_class(x, readability)
        decisive = ("latent_dim", "class_loss", "flow_class_loss")
        same = all(getattr(x, name) == getattr(self.x, name) for name in decisive)
        goals = self.goals if same or not self.goals else GOALS_OF_ANY
        y = y or self.y
        if y == "gaussian":
            goals = {group: wanted for group, wanted in goals.items() if group not in EXACT_Y}
        return replace(self, x=x, y=y, goals=goals)

    def to_record(self, has_goals: bool) -> RecipeRecord:
        """Return the manifest's record of the recipe."""
        return RecipeRecord(self.name, self.x.epochs, self.x.flow_epochs, has_goals, self.readability)


def weigh_class(config: VaeConfig, readability: float) -> VaeConfig:
    """Return a configuration whose encoder gives the class read off x this weight, and its flow 1; 0 leaves it out.

    Raises:
        InputError: the readability is not from 0 to 1,000, or there is no flow.
    """
    if not 0 <= readability <= GREATEST_READABILITY:
        raise InputError(f"readability must be from 0 to {GREATEST_READABILITY}; received {readability}.")
    return replace(config, class_loss=float(readability), flow_class_loss=float(readability > 0))


# At beta = 1 the optimum of ten Gaussians carries no information (rate 0, 29 % decoded); at 0.1 97 % are decoded.
CLASSES = VaeConfig(
    (10,), encoder_filters=(), decoder_units=(), likelihood="categorical", beta=0.1, epochs=10, learning_rate=1e-2
)
IMAGE = VaeConfig(
    input_shape=(28, 28),
    activation="silu",
    flow_couplings=24,
    flow_units=(192,),
    likelihood="pixel",
    noise_std=0.35,
    posterior_std=0.05,
    beta=0.0,
    normality=300.0,
    divergence=0.1,
    class_loss=10.0,
    augmentation=0.8,
    epochs=30,
    batch_size=128,
    learning_rate=2e-3,
    averaging=0.999,
    flow_epochs=16,
    flow_learning_rate=2e-3,
)
# 32 numbers cannot hold digit and background, and squared errors alone spend them on the background: the class loss has
# ten times the weight of that for plain digits, and a dense layer helps to find the class. The models are fitted on
# three variations of each digit without augmentation, which would add black edges that no such image has.
ROTATED = replace(
    IMAGE,
    encoder_units=(256,),
    decoder_units=(512, 512),
    posterior_std=0.1,
    normality=1000.0,
    class_loss=100.0,
    augmentation=0.0,
    epochs=8,
    flow_epochs=5,
)
SIGNAL = replace(
    IMAGE,
    input_shape=(40,),
    encoder_filters=(),
    encoder_units=(1024,),
    decoder_units=(512, 512),
    flow_couplings=12,
    likelihood="gaussian",
    noise_std=0.04,
    posterior_std=0.07,
    augmentation=0.0,
    epochs=1,
    batch_size=256,
    flow_epochs=1,
    flow_learning_rate=3e-3,
)
# 4,000 rows of noisy y teach a learner little: the class is linear in x as far as normality and pictures allow.
FEW_SIGNALS = replace(
    SIGNAL,
    encoder_filters=(32, 64, 128),
    encoder_units=(256,),
    flow_couplings=16,
    noise_std=0.033,
    normality=600.0,
    divergence=1.0,
    class_loss=65.0,
    flow_class_loss=1.0,
    flow_epochs=2,
)
# 60,000 rows tell linear, dense and residual learners apart if the class is read off x by such models: a classifier
# with a hidden layer, and a linear one beside it, without which least squares finds little.
MANY_SIGNALS = replace(
    SIGNAL,
    encoder_units=(2048, 512),
    flow_couplings=16,
    noise_std=0.034,
    divergence=0.7,
    class_loss=75.0,
    class_units=(256,),
    class_linear=0.15,
    flow_class_loss=1.0,
    flow_epochs=2,
)
# LD-MNIST as published: dense layers, a rate weighted 784 * 0.1 * 2 / 32 in summed units, and the slip of its sampler.
# Its dropout and batch normalisation never ran, because `training=True` was missing.
PREDECESSOR = VaeConfig(
    input_shape=(28, 28),
    encoder_filters=(),
    encoder_units=(256, 128),
    decoder_units=(128, 256),
    beta=4.9,
    slip=True,
    epochs=100,
    batch_size=500,
)
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("mnist", IMAGE, CLASSES, goals=MNIST_GOALS),
        Recipe("mnist1d", FEW_SIGNALS, CLASSES, goals=MNIST1D_GOALS),
        Recipe("mnist1d-60k", MANY_SIGNALS, CLASSES, goals=MNIST1D_60K_GOALS),
        Recipe(OWN_IMAGES, IMAGE, CLASSES, goals=GOALS_OF_ANY),
        *(Recipe(name, IMAGE, CLASSES, goals=GOALS_OF_ANY) for name in (*PUBLICATIONS, *PRESETS)),
        Recipe("mnist-rot-back-image-like", ROTATED, CLASSES, goals=ROTATED_GOALS),
        Recipe("ld-mnist-v3", PREDECESSOR, replace(CLASSES, beta=0.0625, slip=True, epochs=30), y="gaussian"),
    )
}


@dataclass(frozen=True)
class ModelOptions:
    """How a command trains models: a recipe, and changes of it.

    Attributes:
        recipe: How to train; by default as the source's recipe says, or as the predecessor did: ld-mnist-v3.
        latent_dim: d, 2 or more; 32 by default.
        y: Exact cells, or a trained class VAE.
        readability: The encoder's weight of the class in x, from 0 to 1,000: more makes x easier to classify.
        epochs: Passes over the training rows.
        flow_epochs: Passes of the flow alone.
        seed: The seed of all that is random.
    """

    recipe: Annotated[str | None, Parameter(choices=tuple(RECIPES))] = None
    latent_dim: int | None = None
    y: YKind | None = None
    readability: float | None = None
    epochs: int | None = None
    flow_epochs: int | None = None
    seed: int = 0

    @property
    def changes(self) -> dict[str, Any]:
        """The settings of the recipe that are changed; None leaves a setting alone."""
        return {name: value for name, value in vars(self).items() if name != "recipe"}


def find_recipe(name: str, source: Source | None = None) -> Recipe:
    """Return the recipe of that name, for the shape and classes of a source if one is given.

    Raises:
        UnknownNameError: there is no such recipe.
        InputError: the recipe is for images and the source holds signals, or the reverse.
    """
    if name not in RECIPES:
        raise UnknownNameError(f"no recipe {name!r}. Known: {', '.join(RECIPES)}.")
    recipe = RECIPES[name]
    if source is None:
        return recipe
    shape = source.inputs_train.shape[1:]
    takes_signals = len(recipe.x.input_shape) == 1
    if takes_signals != (len(shape) == 1):
        kind = "signals (t,)" if takes_signals else "images (h, w) or (h, w, 3)"
        raise InputError(f"the recipe {name} is for {kind}; {source.name} has {shape}.")
    x = replace(recipe.x, input_shape=shape)
    return replace(recipe, x=x, classes=replace(recipe.classes, input_shape=(source.classes,)))


def choose_recipe(source: Source, name: str | None = None, **changes: Any) -> Recipe:
    """Return the recipe of that name, by default the source's own, with the settings that `Recipe.change` takes."""
    return find_recipe(name or _name_default(source), source).change(**changes)


def restore_recipe(manifest: Manifest, source: Source) -> Recipe:
    """Return the recipe that built a release from a source, with today's goals; without goals if it had none.

    Raises:
        UnknownNameError: the release was built by a recipe of the user's own.
    """
    record = manifest.recipe
    passes = {"epochs": record.epochs, "flow_epochs": record.flow_epochs}
    sizes = {"latent_dim": manifest.latent_dim, "readability": record.readability}
    recipe = choose_recipe(source, record.name, y=manifest.y_kind, seed=manifest.seed, **sizes, **passes)
    return recipe if record.has_goals else replace(recipe, goals={})


def choose_release_name(source: Source, recipe: Recipe) -> str:
    """Return the default name of a release, `ld-mnist-32`; with another recipe than the source's, `ld-mnist-v3-32`."""
    other = None if recipe.name == _name_default(source) else recipe.name
    return name_release(source.name, recipe.x.latent_dim, other)


def describe_build(source: Source, recipe: Recipe, release: str, has_goals: bool) -> str:
    """Return the shell command that builds a release again; empty if only Python can, with its own source or recipe."""
    if recipe.name not in RECIPES or not (source.file or source.name in SOURCES):
        return ""
    plain = find_recipe(recipe.name, source)
    if replace(plain.change(**recipe.settings), goals=recipe.goals) != recipe:
        return ""
    file = f"./{source.file}" if source.file.startswith("-") else source.file  # else it would be an option
    words = [source.option, file, "--licence", source.licence] if file else [source.name]
    if recipe.name != _name_default(source):
        words += ["--recipe", recipe.name]
    if release != choose_release_name(source, recipe):
        words += ["--release", release]
    for name, value in recipe.settings.items():
        if value != plain.settings[name] or name == "seed":
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(["python", "-m", "ld_data", "build", *words, *([] if has_goals else ["--no-goals"])])


def _name_default(source: Source) -> str:
    return source.name if source.name in SOURCES else OWN_IMAGES
