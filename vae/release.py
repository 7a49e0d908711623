"""The build of a release: train, encode, examine, write and verify."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import keras

from ld_data.errors import MissingDataError
from ld_data.health.examination import examine
from ld_data.health.maps import make_examples
from ld_data.protocols import Judge
from ld_data.release.builder import BuildPlan, make_dataset, write_release
from ld_data.release.folder import check_target
from ld_data.release.report import Goals, HealthReport
from ld_data.settings import checkpoints_folder
from ld_data.sources.catalogue import load_source
from ld_data.sources.source import Source
from vae.recipes import Recipe, choose_recipe, choose_release_name, describe_build
from vae.training.train import train_codec

RELEASE_VERSION = "1.0.0"
LIBRARIES = ("scikit-learn", "tf2onnx", "onnxruntime")  # that export and measure models, beside Keras and its backend


@dataclass(frozen=True)
class BuiltRelease:
    """A release that was built: its folder and its health report."""

    folder: Path
    report: HealthReport


def build_release(
    source: Source | str,
    recipe: Recipe | str | None = None,
    judge: Judge | None = None,
    *,
    name: str | None = None,
    checkpoints: Path | None = None,
    change: str = "",
    check_goals: bool = True,
    on_report: Callable[[HealthReport], None] | None = None,
    progress: bool = True,
) -> BuiltRelease:
    """Return the folder and the health report of a new release: trained, encoded, examined, written and verified.

    Minutes of work. The same source, recipe and seed give the same bytes on the same machine. The release replaces an
    older one of the same name only when it is whole and verified.

    Args:
        source: the labelled inputs, or the name of a built-in source.
        recipe: how the models are trained, or the name of a recipe; by default that of the source. Its seed, `x.seed`,
            is that of training, encoding and y.
        judge: reads decoded test inputs, for the goals and the report.
        name: of the release; `ld-SOURCE-D` by default.
        checkpoints: the folder of the releases; by default that of `LD_DATA_CHECKPOINTS`.
        change: the news in this version, a sentence for the release's card.
        check_goals: whether the release must meet the recipe's goals.
        on_report: called with the health report before the release is published or refused.
        progress: whether progress bars are shown on a terminal.

    Raises:
        UnknownNameError: there is no source or recipe of that name.
        InputError: the recipe does not fit the source, or `name` cannot be a release's name.
        MissingDataError: the source is not on this machine, or the goals need a judge and there is none.
        HealthError: the release misses a goal; it lies beside its place as `.NAME.refused`.
        StorageError: something else than a release has the name, or the disk refuses.
    """
    source = load_source(source) if isinstance(source, str) else source
    recipe = recipe if isinstance(recipe, Recipe) else choose_recipe(source, recipe)
    goals = recipe.goals if check_goals else {}
    plan = _make_plan(source, recipe, judge, name, change, check_goals)
    checkpoints = checkpoints or checkpoints_folder()
    check_target(checkpoints / plan.release)  # before the minutes of training
    _check_judge(judge, source, goals)
    codec = train_codec(source, recipe, progress=progress)
    data = make_dataset(source, codec, plan.release, plan.seed)
    report = examine(data, goals, source, codec, judge, progress=progress)
    if on_report is not None:
        on_report(report)
    folder = write_release(source, codec, plan, data, report, checkpoints, make_examples(source, data))
    return BuiltRelease(folder, report)


def _make_plan(
    source: Source, recipe: Recipe, judge: Judge | None, name: str | None, change: str, has_goals: bool
) -> BuildPlan:
    release = name or choose_release_name(source, recipe)
    return BuildPlan(
        release=release,
        seed=recipe.x.seed,
        command=describe_build(source, recipe, release, has_goals),
        recipe=recipe.to_record(has_goals),
        release_version=RELEASE_VERSION,
        libraries={library: version(library) for library in ("keras", keras.backend.backend(), *LIBRARIES)},
        judge_sha256="" if judge is None else judge.sha256,
        change=change,
    )


def _check_judge(judge: Judge | None, source: Source, goals: Goals) -> None:
    if judge is None and any(measure.startswith("judge") for measure in goals.get("decoded", {})):
        raise MissingDataError(
            f"the goals need a judge of {source.judge}, and there is none. Train one with "
            f"`python -m eval train-judge {source.judge}`, or build without goals: --no-goals, check_goals=False."
        )
