"""Commands of classifiers: classify, tsne, reproduce; and of judges: train-judge, judge."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import vae
from eval.classifiers.judges import StoredJudge, check_new_judge, judge_path, open_judge, save_judge
from eval.classifiers.tables import (
    TABLES,
    Cell,
    Trial,
    add_trials,
    check_kept,
    choose_rows,
    find_differences,
    load_trials,
    trials_path,
)
from eval.commands.examples import load_examples, measure_trials
from eval.commands.options import (
    Classifier,
    FirstSeed,
    InputOptions,
    Inputs,
    Kept,
    Names,
    SeedCount,
    Work,
    WorkOptions,
    check_figure,
    choose_seeds,
    open_runner,
    prepare_out,
)
from eval.jobs.calls import Runner
from ld_data.cli.libraries import import_quietly, needs
from ld_data.cli.options import Epochs, File, Json, OwnImages, Release, Replace, Seed
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.errors import InputError, IntegrityError, MissingDataError
from ld_data.extras import check_libraries
from ld_data.release.folder import load_verified
from ld_data.sources.catalogue import SOURCES, choose_source, find_inputs
from ld_data.sources.user_images import NO_IMAGES

ROWS = tuple(dict.fromkeys(cell.row for known in TABLES.values() for cell in known.cells))


@needs("keras", "sklearn")
def classify(
    model: Classifier,
    inputs: Inputs,
    /,
    *,
    options: Annotated[InputOptions, Parameter(name="*")] = InputOptions(),
    epochs: Epochs = None,
    seed: FirstSeed = 0,
    seeds: SeedCount = 1,
    work: Work = WorkOptions(),
    as_json: Json = False,
) -> None:
    """Train a classifier and test it."""
    from eval.classifiers import training  # late: Keras takes 5 s that --help should not pay

    chosen_seeds = choose_seeds(seed, seeds)
    with open_runner(work) as runner:
        found = list(measure_trials([model], inputs, options, chosen_seeds, runner, epochs))
    trials = sorted(found, key=lambda trial: trial.seed)
    print_result(training.to_json(trials), training.describe_trials(trials), as_json)


@needs("keras", "sklearn", "matplotlib")
def tsne(
    model: Classifier,
    inputs: Inputs,
    /,
    *,
    out: File,
    options: Annotated[InputOptions, Parameter(name="*")] = InputOptions(),
    epochs: Epochs = None,
    rows: int = 1000,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Plot inputs, and features before and after training.

    Args:
        out: The .png, .svg or .pdf to write.
        rows: The number of test rows.
    """
    from eval.classifiers import training  # late: Keras takes 5 s that --help should not pay
    from ld_data.health.plots import draw_maps, save_figure

    check_figure(out, "--out")
    examples = load_examples(inputs, options)
    prepare_out(out, f"{model}.png")
    views, labels = training.make_views(model, examples, rows, seed, epochs), examples.label_test[:rows]
    save_figure(draw_maps(views, labels), out)
    shares = training.measure_neighbours(views, labels)
    lines = [f"  {title:<20}{share:.1%}" for title, share in shares.items()]
    text = "\n".join([f"wrote {out}; of {len(labels)} rows the nearest other one is of the same class", *lines])
    print_result({"path": str(out), "neighbours": shares}, text, as_json)


def reproduce(
    name: Annotated[str, Parameter(choices=tuple(TABLES), name="table")],
    /,
    *,
    only: Annotated[Names, Parameter(choices=ROWS)] = None,
    kept: Kept = False,
    seed: FirstSeed = 0,
    seeds: SeedCount = 3,
    work: Work = WorkOptions(),
    out: File | None = None,
    check: bool = False,
    as_json: Json = False,
) -> None:
    """Train the classifiers of a table, beside published figures.

    Args:
        name: The table.
        only: These rows alone.
        out: Add each trial to this JSON once it is done.
        check: Fail if a figure is not the kept one.
    """
    chosen_seeds = choose_seeds(seed, seeds)
    if kept and (check or out):
        raise InputError("--kept trains nothing, so that there is nothing to check or to write: leave it out.")
    table = choose_rows(TABLES[name], only)
    if out:
        prepare_out(out, "trials.json")
        if out.exists():
            load_trials(out)  # refuses a file of another kind before the training
    known = load_trials(trials_path()) if kept or check else None
    if kept:
        trials = known
    else:
        import_quietly("keras")
        with open_runner(work) as runner:
            found = list(measure_cells(table.cells, chosen_seeds, runner, out, known))
        trials = sorted(found, key=lambda trial: (trial.inputs, trial.classifier, trial.seed))
    own = [trial for trial in trials or () if any(cell.matches(trial) for cell in table.cells)]
    print_result([asdict(trial) for trial in own], table.describe(own), as_json)
    if check and (differences := find_differences(own, known or ())):
        raise IntegrityError(" ".join(["the kept table was not reproduced.", *differences]))


@needs("keras", "sklearn")
def train_judge(
    source: Annotated[str | None, Parameter(choices=tuple(SOURCES))] = None,
    /,
    *,
    images: OwnImages = NO_IMAGES,
    out: File | None = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Train a classifier of a source's raw inputs.

    Args:
        source: The source of the inputs.
        out: The .keras to write; beside the releases by default.
    """
    from eval.classifiers.training import train_judge  # late: Keras takes 5 s that --help should not pay
    from ld_data.health.probes import read_decoded

    inputs = choose_source(source, images)
    path = out or judge_path(inputs.judge)
    if images != NO_IMAGES and not out and not replace:
        check_new_judge(path)
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
    images: OwnImages = NO_IMAGES,
    as_json: Json = False,
) -> None:
    """Let a judge read decoded inputs.

    Args:
        file: The judge, .keras; by default that of the release's source.
    """
    from ld_data.health import probes  # late: scikit-learn takes 1 s

    manifest, data = load_verified(release)
    source = find_inputs(manifest.name, manifest.source, images)
    reader = StoredJudge(file) if file else open_judge(source.judge)
    if reader is None:
        raise MissingDataError(
            f"no judge of {source.judge}. Train one with `python -m eval train-judge`, or name its file with --judge."
        )
    decoded = probes.decode_test_inputs(data, source, vae.load(release))
    reading = probes.read_decoded(reader, source, decoded) | probes.measure_errors(source, decoded)
    rows = []
    for name in ("originals", "samples", "means"):
        error = f"{reading[f'mse_{name}']:.4f}" if f"mse_{name}" in reading else ""
        title = name if name == "originals" else f"decoded {name}"
        rows.append((title, f"{reading[f'judge_{name}']:.2%}", error))
    table = format_table(("", "read right", "MSE"), rows, "lrr")
    print_result(reading, f"{release}, test inputs\n{table}", as_json)


def measure_cells(
    cells: Sequence[Cell], seeds: Sequence[int], runner: Runner, out: Path | None, kept: Sequence[Trial] | None
) -> Iterator[Trial]:
    """Yield the trials of a table's cells, each added to the file `out`; `kept` must hold trials of the same seeds."""
    import keras  # late: 5 s that --help should not pay

    if any(cell.decoded for cell in cells):
        check_libraries("onnxruntime")
    if kept is not None:
        check_kept(cells, seeds, keras.backend.backend(), kept)
    names: dict[tuple[str, InputOptions], list[str]] = {}
    for cell in cells:
        options = InputOptions(cell.decoded, cell.shuffled, cell.train_rows)
        names.setdefault((cell.inputs, options), []).append(cell.classifier)
    for (inputs, options), classifiers in names.items():
        for trial in measure_trials(classifiers, inputs, options, seeds, runner):
            if out:
                add_trials([trial], out)
            yield trial
