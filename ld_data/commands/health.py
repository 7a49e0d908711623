"""Commands that examine and draw releases: health, plots."""

import sys
from collections.abc import Mapping
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.completion import CompletionContext

import vae
from eval.baselines.registry import score_learners
from eval.classifiers.judges import open_judge
from ld_data.cli.libraries import needs
from ld_data.cli.options import Folder, Json, OwnImages, Release, complete_releases
from ld_data.cli.output import print_result
from ld_data.errors import DownloadError, MissingDataError, UnknownNameError
from ld_data.release.folder import load_verified
from ld_data.release.report import HealthReport, read_goals
from ld_data.release.writer import replace_report
from ld_data.sources.catalogue import find_inputs
from ld_data.sources.source import Source
from ld_data.sources.user_images import NO_IMAGES, UserImages
from ld_data.variations.stream import PRESETS
from vae.recipes import restore_recipe


def complete_drawable(context: CompletionContext) -> list[str]:
    """Return the names of the generators and of the releases, and folders."""
    return ["mnist1d", *PRESETS, *complete_releases(context)]


def find_available_inputs(release: str, record: Mapping[str, str], images: UserImages) -> Source | None:
    """Return the source of a release; None, with a message on stderr, if its inputs are not on this machine."""
    try:
        return find_inputs(release, record, images)
    except (MissingDataError, DownloadError, UnknownNameError) as error:
        print(f"without the inputs, what the models make of them is left out: {error}", file=sys.stderr)
        return None


def print_report(report: HealthReport, as_json: bool) -> None:
    """Print a health report as JSON or as a table, in which missed goals are red."""
    print_result(report.to_values(), report.to_text(), as_json, red=["MISSED"])


@needs("keras", "sklearn", "onnxruntime")
def health(release: Release, /, *, images: OwnImages = NO_IMAGES, keep: bool = False, as_json: Json = False) -> None:
    """Measure how far a release's latents are from N(0, I).

    Args:
        keep: Put the report into the release, by today's judge and goals.
    """
    from ld_data.health.latents import examine  # late: scikit-learn takes 1 s

    manifest, data = load_verified(release)
    find = find_inputs if keep else find_available_inputs
    source = find(manifest.name, manifest.source, images)
    goals = restore_recipe(manifest, source).goals if keep and source else read_goals(manifest.health)
    codec = None if source is None else vae.load(release)
    judge = None if source is None else open_judge(source.judge)
    report = examine(data, goals, source, codec, judge, score_learners)
    print_report(report, as_json)
    if keep:
        folder = replace_report(release, manifest.files, report, "" if judge is None else judge.sha256)
        print(f"{folder} keeps this report", file=sys.stderr)


@needs("matplotlib", "sklearn")
def plots(
    release: Annotated[str, Parameter(completer=complete_drawable)],
    /,
    *,
    out: Folder,
    components: tuple[int, int] = (0, 1),
    form: Annotated[Literal["png", "svg", "pdf"], Parameter(name="--format", help="The format of the files.")] = "png",
    images: OwnImages = NO_IMAGES,
    as_json: Json = False,
) -> None:
    """Draw a release, or a generator.

    Args:
        release: A release's name or folder; or mnist1d, mnist-rot-like, ...: a generator.
        out: The folder to write the figures into.
        components: The components of the manifold.
    """
    from ld_data.commands.figures import choose_figures, save_figure  # late: matplotlib takes 1 s

    figures = choose_figures(release, images, components)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in figures:
        path = out / f"{name}.{form}"
        save_figure(figure, path)
        paths.append(str(path))
        if not as_json:
            print(path)  # at once, as some figures take long
    if as_json:
        print_result({"files": paths}, "", as_json)
