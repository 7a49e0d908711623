"""The commands of `python -m vae`, imported when they are called. Nothing else imports them."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from eval.baselines.registry import score_learners
from eval.classifiers.judges import open_judge
from ld_data.cli.libraries import needs
from ld_data.cli.options import File, Folder, Json, OwnImages, Release, Seed, complete_releases
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.errors import InputError
from ld_data.release.folder import load_verified, verify
from ld_data.sources.catalogue import SOURCES, find_inputs, load_source
from ld_data.sources.user_images import NO_IMAGES
from ld_data.storage.staging import check_new_folder
from vae.codec import load
from vae.recipes import ModelOptions, choose_recipe
from vae.triton import write_repository

DECODERS = ("dense-512-512", "dense-512-1024", "residual-6x512", "subpixel", "transposed")  # the ALTERNATIVES
TRAINERS = ("keras", "tensorflow", "tf2onnx", "onnx", "onnxruntime")  # train models and write them


@needs(*TRAINERS, "sklearn", "matplotlib")
def readability(
    source: Annotated[str, Parameter(choices=tuple(SOURCES))],
    /,
    *,
    levels: Annotated[tuple[float, ...] | None, Parameter(consume_multiple=(1, None))] = None,
    class_units: Annotated[tuple[int, ...], Parameter(consume_multiple=(1, None))] | None = None,
    epochs: int | None = None,
    flow_epochs: int | None = None,
    seed: Seed = 0,
    out: File | None = None,
    figure: File | None = None,
    as_json: Json = False,
) -> None:
    """Build a source at several readabilities, and compare what they cost.

    Args:
        source: The source of the inputs.
        levels: The readabilities, from 0 to 1,000; 0 3 10 30 100 300 by default.
        class_units: Hidden widths of the classifier that reads x; those of the recipe by default.
        epochs: Passes over the training rows.
        flow_epochs: Passes of the flow alone.
        out: The JSON file to write after each build; builds that it holds already are not repeated.
        figure: Draw the result into this .png, .svg or .pdf.
    """
    from vae import readability as builds  # late: Keras takes 5 s

    inputs = load_source(source)
    recipe = choose_recipe(inputs, class_units=class_units, epochs=epochs, flow_epochs=flow_epochs, seed=seed)
    judge = open_judge(inputs.judge)
    rows = builds.measure_levels(inputs, recipe, judge, score_learners, levels or builds.LEVELS, out)
    if figure is not None:
        builds.save_figure(builds.draw_rows(rows, f"{source}: the price of readable classes"), figure)
    print_result([asdict(row) for row in rows], builds.describe_rows(rows), as_json)


@needs(*TRAINERS)
def train(
    source: Annotated[str, Parameter(choices=tuple(SOURCES))],
    /,
    *,
    out: Folder,
    models: Annotated[ModelOptions, Parameter(name="*")] = ModelOptions(),
    as_json: Json = False,
) -> None:
    """Train the models of a source into a folder.

    Args:
        source: The source of the inputs.
        out: The folder to write; new, or empty.
    """
    from vae.training.train import train_codec  # late: Keras takes 5 s

    check_new_folder(out)  # before the minutes of training
    inputs = load_source(source)
    codec = train_codec(inputs, choose_recipe(inputs, models.recipe, **models.changes))
    folder = codec.save_to_preset(out)
    text = f"wrote the models to {out}; load them with vae.load({str(folder)!r})"
    print_result({"path": str(out)}, text, as_json)


@needs("onnxruntime")
def info(release: Annotated[str, Parameter(completer=complete_releases)], /, *, as_json: Json = False) -> None:
    """Show the configuration of a release's models.

    Args:
        release: A release's name, or the folder or address of a release or a preset.
    """
    codec = load(release)
    facts = {
        **codec.x.vae.config.to_json(),
        "encoder_bytes": len(codec.x.vae.encoder.model),
        "decoder_bytes": len(codec.x.vae.decoder.model),
        "y": type(codec.y).__name__,
        "null": codec.y.null,
        "floor": codec.y.floor,
    }
    print_result(facts, format_table((), facts.items(), "ll"), as_json)


@needs(*TRAINERS, "sklearn")
def decoders(
    release: Release,
    /,
    *,
    only: Annotated[tuple[str, ...] | None, Parameter(choices=DECODERS, consume_multiple=(1, None))] = None,
    steps: int = 3000,
    images: OwnImages = NO_IMAGES,
    as_json: Json = False,
) -> None:
    """Compare a release's decoder with others: quality, size and speed.

    Args:
        only: These alone.
        steps: Steps of training of each of them.
    """
    # late: Keras takes 5 s
    from vae.decoders.comparison import compare_decoders, describe_rows

    if steps < 1:
        raise InputError(f"--steps must be 1 or more; received {steps}.")
    (manifest, data), codec = load_verified(release), load(release)
    source = find_inputs(manifest.name, manifest.source, images)
    rows = compare_decoders(data, codec, source, open_judge(source.judge), only, steps)
    print_result([asdict(row) for row in rows], describe_rows(rows), as_json)


@needs("onnx", "onnxruntime")
def export_triton(release: Release, /, *, out: Folder, as_json: Json = False) -> None:
    """Write a release's models as a model repository of Triton Inference Server.

    Args:
        out: The new folder for it.
    """
    manifest, codec = verify(release), load(release)
    names = write_repository(codec, manifest.name, out)
    print_result({"folder": str(out), "models": names}, f"wrote {out}: {', '.join(names)}", as_json)
