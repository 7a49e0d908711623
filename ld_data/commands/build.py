"""The command that builds a release."""

import sys
from typing import Annotated

from cyclopts import Parameter

from eval.baselines.registry import score_learners
from eval.classifiers.judges import open_judge
from ld_data.cli.libraries import needs
from ld_data.cli.options import Checkpoints, Json, OwnImages, Replace
from ld_data.commands.health import print_report
from ld_data.sources.catalogue import SOURCES, choose_source
from ld_data.sources.user_images import NO_IMAGES
from vae.recipes import ModelOptions, choose_recipe


@needs("keras", "sklearn", "onnxruntime", "tensorflow", "tf2onnx")
def build(
    source: Annotated[str | None, Parameter(choices=tuple(SOURCES))] = None,
    /,
    *,
    images: OwnImages = NO_IMAGES,
    licence: str = "unknown",
    release: Annotated[str | None, Parameter(metavar="NAME")] = None,
    models: Annotated[ModelOptions, Parameter(name="*")] = ModelOptions(),
    change: Annotated[str, Parameter(metavar="TEXT")] = "",
    no_goals: bool = False,
    replace: Replace = False,
    checkpoints: Checkpoints = None,
    as_json: Json = False,
) -> None:
    """Train, encode, examine, write and verify a release.

    Args:
        source: The source of the inputs.
        licence: The licence of your own images, an SPDX name.
        release: The release's name; ld-SOURCE-D by default.
        change: The news in this version, a sentence for the release's card.
        no_goals: Publish whatever the health report says.
    """
    from vae.release import build_release  # late: Keras and scikit-learn take 5 s

    inputs = choose_source(source, images, licence)
    built = build_release(
        inputs,
        choose_recipe(inputs, models.recipe, **models.changes),
        open_judge(inputs.judge),
        score_learners,
        name=release,
        checkpoints=checkpoints,
        change=change,
        check_goals=not no_goals,
        replace=replace,
        on_report=lambda report: print_report(report, as_json),
    )
    print(f"built and verified {built.folder}", file=sys.stderr)
