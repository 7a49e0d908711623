"""The work of the commands that train models; imported late, as Keras takes 5 s."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import keras

import vae
from eval.classifiers import training
from eval.classifiers.tables import Cell, check_kept
from eval.classifiers.training import Examples
from eval.classifiers.trials import Trial, add_trials
from eval.commands.options import InputOptions
from ld_data.errors import InputError, UnknownNameError
from ld_data.extras import check_libraries
from ld_data.release.folder import load
from ld_data.sources.catalogue import SOURCES, load_source


def load_examples(name: str, options: InputOptions) -> Examples:
    """Return the examples of a source, or those of a release: its x, or its decoded x.

    Raises:
        UnknownNameError: there is no source or release of that name.
        InputError: the inputs of a source are to be decoded.
        MissingLibraryError: decoding needs onnxruntime, which is not installed.
    """
    if options.decoded:
        check_libraries("onnxruntime")
        if name in SOURCES:
            raise InputError(f"--decoded goes with a release; {name} is a source.")
    try:
        examples = training.take_inputs(load_source(name)) if name in SOURCES else training.take_latents(load(name))
    except UnknownNameError as error:
        raise UnknownNameError(f"{error} Or name a source: {', '.join(SOURCES)}.") from error
    if options.decoded:
        examples = training.take_decoded(examples, vae.load(name))
    if options.shuffled:
        examples = training.shuffle_positions(examples)
    return examples if options.limit_train is None else training.keep_rows(examples, options.limit_train)


def measure_cells(
    cells: Sequence[Cell], seeds: Sequence[int], jobs: int, out: Path | None, kept: Sequence[Trial] | None
) -> Iterator[Trial]:
    """Yield the trials of a table's cells, each added to the file `out`; `kept` must hold trials of the same seeds.

    Raises:
        InputError: the kept trials are of other seeds.
    """
    if any(cell.decoded for cell in cells):
        check_libraries("onnxruntime")
    if kept is not None:
        check_kept(cells, seeds, keras.backend.backend(), kept)
    names: dict[tuple[str, InputOptions], list[str]] = {}
    for cell in cells:
        options = InputOptions(cell.decoded, cell.shuffled, cell.train_rows)
        names.setdefault((cell.inputs, options), []).append(cell.classifier)
    for (inputs, options), classifiers in names.items():
        examples = load_examples(inputs, options)
        for trial in training.measure_trials([(name, examples) for name in classifiers], seeds, jobs):
            if out:
                add_trials([trial], out)
            yield trial
