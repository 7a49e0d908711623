"""Commands of judges: train-judge, judge."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import vae
from eval.classifiers.judges import StoredJudge, judge_path, open_judge, save_judge
from ld_data.cli.libraries import needs
from ld_data.cli.options import Epochs, File, Json, OwnImages, Release, Seed
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.errors import MissingDataError
from ld_data.release.folder import find_release, load
from ld_data.sources.catalogue import find_inputs
from ld_data.release.manifest import read_manifest
from ld_data.sources.catalogue import SOURCES, choose_source


@needs("keras", "sklearn")
def train_judge(
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
    from eval.classifiers.training import train_judge  # late: Keras takes 5 s that --help should not pay
    from ld_data.health.probes import read_decoded

    inputs = choose_source(source, source_npz)
    path = out or judge_path(inputs.judge)
    save_judge(train_judge(inputs, epochs, seed), path)
    accuracy = read_decoded(StoredJudge(path), inputs, {})["judge_originals"]
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
    from ld_data.health import probes  # late: scikit-learn takes 1 s

    manifest = read_manifest(find_release(release))
    source = find_inputs(manifest.name, manifest.source, source_npz)
    reader = StoredJudge(file) if file else open_judge(source.judge)
    if reader is None:
        raise MissingDataError(
            f"no judge of {source.judge}. Train one with `python -m eval train-judge`, or name its file with --judge."
        )
    decoded = probes.decode_test_inputs(load(release), source, vae.load(release))
    reading = probes.read_decoded(reader, source, decoded) | probes.measure_errors(source, decoded)
    rows = []
    for name in ("originals", "samples", "means"):
        error = f"{reading[f'mse_{name}']:.4f}" if f"mse_{name}" in reading else ""
        title = name if name == "originals" else f"decoded {name}"
        rows.append((title, f"{reading[f'judge_{name}']:.2%}", error))
    table = format_table(("", "read right", "MSE"), rows, "lrr")
    print_result(reading, f"{release}, test inputs\n{table}", as_json)
