"""Commands that train classifiers: classify, tsne, reproduce."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from eval.classifiers.tables import TABLES, choose_rows, find_differences
from eval.classifiers.trials import load_trials, trials_path
from eval.commands.options import (
    Classifier,
    FirstSeed,
    InputOptions,
    Inputs,
    Names,
    SeedCount,
    choose_seeds,
    prepare_out,
)
from ld_data.cli.libraries import import_quietly, needs
from ld_data.cli.options import Epochs, File, Jobs, Json, Seed
from ld_data.cli.output import print_result
from ld_data.errors import InputError, IntegrityError

ROWS = tuple(dict.fromkeys(cell.row for known in TABLES.values() for cell in known.cells))


@needs("keras", "sklearn", "joblib")
def classify(
    model: Classifier,
    inputs: Inputs,
    /,
    *,
    options: Annotated[InputOptions, Parameter(name="*")] = InputOptions(),
    epochs: Epochs = None,
    seed: FirstSeed = 0,
    seeds: SeedCount = 1,
    jobs: Jobs = 1,
    as_json: Json = False,
) -> None:
    """Train a classifier and test it."""
    from eval.classifiers import training  # late: Keras takes 5 s that --help should not pay
    from eval.commands.training import load_examples

    chosen_seeds = choose_seeds(seed, seeds, jobs)
    tasks = [(model, load_examples(inputs, options))]
    trials = list(training.measure_trials(tasks, chosen_seeds, jobs, epochs))
    print_result(training.to_json(trials), training.describe_trials(trials), as_json)


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
    from eval.classifiers.features import (  # late: Keras takes 5 s that --help should not pay
        make_views,
        measure_neighbours,
    )
    from eval.commands.training import load_examples
    from ld_data.health.plots import draw_maps, save_figure

    if out.suffix != ".png":
        raise InputError(f"--out must end in .png; received {out}.")
    examples = load_examples(inputs, options)
    prepare_out(out, f"{model}.png")
    views, labels = make_views(model, examples, rows, seed, epochs), examples.label_test[:rows]
    save_figure(draw_maps(views, labels), out)
    shares = measure_neighbours(views, labels)
    lines = [f"  {title:<20}{share:.1%}" for title, share in shares.items()]
    text = "\n".join([f"wrote {out}; of {len(labels)} rows the nearest other one is of the same class", *lines])
    print_result({"path": str(out), "neighbours": shares}, text, as_json)


def reproduce(
    name: Annotated[str, Parameter(choices=tuple(TABLES), name="table")],
    /,
    *,
    only: Annotated[Names, Parameter(choices=ROWS)] = None,
    kept: bool = False,
    seed: FirstSeed = 0,
    seeds: SeedCount = 3,
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
        from eval.commands.training import measure_cells  # late: Keras takes 5 s that --help should not pay

        trials = list(measure_cells(table.cells, chosen_seeds, jobs, out, known))
    own = [trial for trial in trials or () if any(cell.matches(trial) for cell in table.cells)]
    print_result([asdict(trial) for trial in own], table.describe(own), as_json)
    if check and (differences := find_differences(own, known or ())):
        raise IntegrityError(" ".join(["the kept table was not reproduced.", *differences]))
