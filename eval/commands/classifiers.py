"""Commands that train classifiers: classify, tsne, reproduce."""

from dataclasses import asdict, replace
from typing import Annotated

from cyclopts import Parameter

from eval.classifiers.tables import TABLES, choose_cells, find_differences, find_table
from eval.classifiers.trials import load_trials, trials_path
from eval.commands.inputs import Classifier, InputOptions, Inputs
from eval.commands.seeds import choose_seeds, prepare_out
from ld_data.cli.libraries import import_quietly, needs
from ld_data.cli.options import Epochs, File, Jobs, Json, Seed
from ld_data.cli.output import print_result
from ld_data.errors import InputError, IntegrityError

TABLE_SEEDS = 3
ROWS = tuple(dict.fromkeys(cell.row for known in TABLES.values() for cell in known.cells))


@needs("keras", "sklearn", "joblib")
def classify(
    model: Classifier,
    inputs: Inputs,
    /,
    *,
    options: Annotated[InputOptions, Parameter(name="*")] = InputOptions(),
    epochs: Epochs = None,
    seed: Annotated[int, Parameter(help="The first seed.")] = 0,
    seeds: Annotated[int, Parameter(help="The number of seeds.")] = 1,
    jobs: Jobs = 1,
    as_json: Json = False,
) -> None:
    """Train a classifier and test it."""
    from eval.commands.training import classify_inputs  # late: Keras takes 5 s

    result, text = classify_inputs(model, inputs, options, choose_seeds(seed, seeds, jobs), jobs, epochs)
    print_result(result, text, as_json)


@needs("keras", "sklearn", "joblib", "matplotlib")
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
    """Plot raw inputs, and a classifier's features before and after training.

    Args:
        out: The .png to write.
        rows: The number of test rows.
    """
    from eval.commands.training import draw_features, load_examples  # late: Keras takes 5 s

    if out.suffix != ".png":
        raise InputError(f"--out must end in .png; received {out}.")
    examples = load_examples(inputs, options)
    prepare_out(out, f"{model}.png")
    shares = draw_features(model, examples, rows, seed, epochs, out)
    shown = min(rows, len(examples.label_test))
    lines = [f"  {title:<20}{share:.1%}" for title, share in shares.items()]
    text = "\n".join([f"wrote {out}; of {shown} rows the nearest other one is of the same class", *lines])
    print_result({"path": str(out), "neighbours": shares}, text, as_json)


def reproduce(
    name: Annotated[str, Parameter(choices=tuple(TABLES), name="table")],
    /,
    *,
    only: Annotated[tuple[str, ...] | None, Parameter(choices=ROWS, consume_multiple=(1, None))] = None,
    kept: bool = False,
    seed: Annotated[int, Parameter(help="The first seed.")] = 0,
    seeds: Annotated[int, Parameter(help="The number of seeds.")] = TABLE_SEEDS,
    jobs: Jobs = 1,
    out: File | None = None,
    check: bool = False,
    as_json: Json = False,
) -> None:
    """Train the classifiers of a table, beside published figures.

    Args:
        name: The table.
        only: These rows alone.
        kept: Train nothing: print the kept figures, of whatever seeds.
        out: Add each trial to this JSON once it is done.
        check: Fail if a figure is not the kept one.
    """
    chosen_seeds = choose_seeds(seed, seeds, jobs)
    if kept and (check or out):
        raise InputError("--kept trains nothing, so that there is nothing to check or to write: leave it out.")
    table = find_table(name)
    cells = choose_cells(table, only)
    if out:
        prepare_out(out, "trials.json")
        if out.exists():
            load_trials(out)  # refuses a file of another kind before the training
    known = load_trials(trials_path()) if kept or check else []
    if kept:
        trials = known
    else:
        import_quietly("keras")
        from eval.commands.training import measure_cells  # late: Keras takes 5 s

        trials = list(measure_cells(cells, chosen_seeds, jobs, out, known if check else None))
    own = [trial for trial in trials if any(cell.matches(trial) for cell in cells)]
    print_result([asdict(trial) for trial in own], replace(table, cells=cells).describe(own), as_json)
    if check and (differences := find_differences(own, known)):
        raise IntegrityError(" ".join(["the kept table was not reproduced.", *differences]))
