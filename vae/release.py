"""The build of a release: train, encode, examine, write and verify."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import keras

from ld_data.errors import MissingDataError
from ld_data.health.latents import Learners, examine
from ld_data.health.maps import make_examples
from ld_data.protocols import Judge
from ld_data.release.publication import check_source, check_target
from ld_data.release.report import Goals, HealthReport
from ld_data.release.writer import BuildPlan, describe_source, make_dataset, write_release
from ld_data.settings import checkpoints_folder
from ld_data.sources.catalogue import load_source
from ld_data.sources.source import Source
from vae.recipes import Recipe, choose_recipe, choose_release_name, describe_build
from vae.training.train import train_codec

LIBRARIES = ("scikit-learn", "tf2onnx", "onnxruntime")  # that export and measure models, beside Keras and its backend


class BuiltRelease(NamedTuple):
    """A release that was built: its folder and its health report."""

    folder: Path
    report: HealthReport


def build_release(
    source: Source | str,
    recipe: Recipe | str | None = None,
    judge: Judge | None = None,
    learners: Learners | None = None,
    *,
    name: str | None = None,
    checkpoints: Path | None = None,
    change: str = "",
    check_goals: bool = True,
    replace: bool = False,
    on_report: Callable[[HealthReport], None] = lambda report: None,
) -> BuiltRelease:
    """Return a new release: trained, encoded, examined, written and verified.

    Args:
        source: the labelled inputs, or the name of a built-in source.
        recipe: how the models are trained, or its name; by default that of the source. `recipe.x.seed` is the seed.
        judge: reads decoded test inputs, for the goals and the report.
        learners: measures the skill of learners, for goals of it, as `eval.baselines.registry.score_learners`.
        name: `ld-SOURCE-D` by default. An older release of the same source is replaced.
        checkpoints: the folder of the releases; by default that of `LD_DATA_CHECKPOINTS`.
        change: the news in this version, a sentence for the card.
        check_goals: whether the release must meet the recipe's goals.
        replace: whether a release of another source may be replaced.
        on_report: called with the health report before the release is published or refused.

    Raises:
        UnknownNameError: there is no such source or recipe.
        InputError: the recipe does not fit the source, or the name cannot be that of a release, or is that of another
            source's.
        MissingDataError: the source is not on this machine, or the goals need a judge or learners and there are none.
        HealthError: the release misses a goal; it lies beside its place as `.NAME.refused`.
        StorageError: something else than a release has the name, or the disk refuses.
    """
    source = load_source(source) if isinstance(source, str) else source
    recipe = recipe if isinstance(recipe, Recipe) else choose_recipe(source, recipe)
    checkpoints = checkpoints or checkpoints_folder()
    plan = _make_plan(source, recipe, judge, name, change, check_goals, replace)
    check_target(checkpoints / plan.release)  # before the minutes of training
    if not replace:
        check_source(checkpoints / plan.release, describe_source(source))
    goals = _check_goals(source, recipe.goals, judge, learners) if check_goals else {}
    codec = train_codec(source, recipe)
    data = make_dataset(source, codec, plan.release, plan.seed)
    report = examine(data, goals, source, codec, judge, learners)
    on_report(report)
    examples = make_examples(source, data)
    return BuiltRelease(write_release(source, codec, plan, data, report, checkpoints, examples), report)


def _check_goals(source: Source, goals: Goals, judge: Judge | None, learners: Learners | None) -> Goals:
    """Return the goals; raise `MissingDataError` if they need a judge or learners and there are none."""
    if judge is None and any(measure.startswith("judge") for measure in goals.get("decoded", {})):
        raise MissingDataError(
            f"the goals need a judge of {source.judge}, and there is none. Train one with "
            f"`python -m eval train-judge {source.judge}`, or build without goals: --no-goals, check_goals=False."
        )
    if learners is None and "skill" in goals:
        raise MissingDataError(
            "the goals need the skill of learners: pass learners=eval.baselines.registry.score_learners, or build "
            "without goals: check_goals=False."
        )
    return goals


def _make_plan(
    source: Source, recipe: Recipe, judge: Judge | None, name: str | None, change: str, has_goals: bool, replaces: bool
) -> BuildPlan:
    release = name or choose_release_name(source, recipe)
    return BuildPlan(
        release=release,
        seed=recipe.x.seed,
        command=describe_build(source, recipe, release, has_goals),
        recipe=recipe.to_record(has_goals),
        libraries={library: version(library) for library in ("keras", keras.backend.backend(), *LIBRARIES)},
        judge_sha256="" if judge is None else judge.sha256,
        change=change,
        replaces=replaces,
    )
