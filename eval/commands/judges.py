"""Commands of judges: train-judge, judge."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import vae
from ld_data.cli.libraries import needs
from ld_data.cli.options import Epochs, File, Json, OwnImages, Release, Seed
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.errors import MissingDataError
from ld_data.release.folder import find_release, load
from ld_data.release.inputs import find_inputs
from ld_data.release.manifest import read_manifest
from ld_data.sources.catalogue import SOURCES, choose_source


@needs("keras", "sklearn")
def train(
    source: Annotated[str | None, Parameter(choices=tuple(SOURCES))] = None,
    /,
    *,
    source_npz: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    out: File | None = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a classifier of a source's raw inputs.

    Args:
        source: The source of the inputs.
        source_npz: Your own images instead: x_train, y_train, ...
        out: The .keras to write; beside the releases by default.
    """
    from eval.classifiers.judges import judge_path, measure_accuracy, save_judge, train_judge  # late: Keras takes 5 s

    inputs = choose_source(source, source_npz)
    path = out or judge_path(inputs.judge)
    trained = train_judge(inputs, epochs, seed)
    save_judge(trained, path)
    accuracy = measure_accuracy(trained, inputs)
    text = f"wrote {path}, which reads {accuracy:.2%} of the test inputs right"
    print_result({"path": str(path), "judge_originals": accuracy}, text, as_json)


@needs("keras", "sklearn", "onnxruntime")
def judge(
    release: Release,
    /,
    *,
    file: Annotated[Path | None, Parameter(name="--judge", metavar="FILE")] = None,
    source_npz: OwnImages = None,
    as_json: Json = False,
) -> None:
    """Let a judge read decoded inputs.

    Args:
        file: The judge, .keras; by default that of the release's source.
    """
    # late: Keras and scikit-learn take 5 s
    from eval.classifiers.judges import StoredJudge, find_judge
    from ld_data.health.probes import decode_test_inputs, measure_errors, read_decoded

    source = find_inputs(read_manifest(find_release(release)), source_npz)
    path = file or find_judge(source.judge)
    if path is None:
        raise MissingDataError(
            f"no judge of {source.judge}. Train one with `python -m eval train-judge`, or name its file with --judge."
        )
    decoded = decode_test_inputs(load(release), source, vae.load(release))
    reading = read_decoded(StoredJudge(path), source, decoded) | measure_errors(source, decoded)
    rows = []
    for name in ("originals", "samples", "means"):
        error = f"{reading[f'mse_{name}']:.4f}" if f"mse_{name}" in reading else ""
        title = name if name == "originals" else f"decoded {name}"
        rows.append((title, f"{reading[f'judge_{name}']:.2%}", error))
    table = format_table(("", "read right", "MSE"), rows, "lrr")
    print_result(reading, f"{release}, test inputs\n{table}", as_json)
