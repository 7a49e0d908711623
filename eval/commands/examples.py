"""The inputs of classifiers by name, and the trials of classifiers on them, made by any workers."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

import vae
from eval.classifiers.tables import Trial
from eval.commands.options import InputOptions
from eval.jobs.calls import Call, Runner
from ld_data.cli.libraries import import_quietly
from ld_data.errors import InputError, IntegrityError, UnknownNameError
from ld_data.extras import check_libraries
from ld_data.release.folder import load
from ld_data.sources.catalogue import SOURCES, load_source
from ld_data.storage.hashing import hash_arrays

if TYPE_CHECKING:
    from eval.classifiers.training import Examples

TRAINING = "eval.classifiers.training"  # imported when it is used: Keras takes 5 s that --help should not pay
Sent: TypeAlias = "Examples | tuple[str, InputOptions, str]"  # arrays, or what loads them, and their sha256


def load_examples(name: str, options: InputOptions) -> "Examples":
    """Return the examples of a source, or those of a release: its x, or its decoded x."""
    training = import_module(TRAINING)
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


def measure_trials(
    classifiers: Sequence[str],
    inputs: str,
    options: InputOptions,
    seeds: Sequence[int],
    runner: Runner,
    epochs: int | None = None,
) -> Iterator[Trial]:
    """Yield the trial of each seed of each classifier on the same examples, in the order in which they end.

    All classifiers pass `check_training` before the first training.

    Raises:
        LdDataError: as `load_examples`, `check_training` and `Runner.run`.
    """
    check_training = import_module(TRAINING).check_training
    examples = load_examples(inputs, options)
    plans = {name: check_training(name, examples, seeds, epochs) for name in classifiers}
    sha256 = hash_arrays(examples.x_train, examples.label_train, examples.x_test, examples.label_test)
    sent: Sent = examples if runner.workers.are_here else (inputs, options, examples.sha256)
    calls = [
        Call(
            measure_one,
            (name, sent, seed, epochs),
            {"classifier": name, "inputs": examples.name, "sha256": sha256, "seed": seed, "epochs": plans[name]},
            lambda values: Trial(**values),
            asdict,
        )
        for name in classifiers
        for seed in seeds
    ]
    return (trial for _, trial in runner.run(calls, f"classifiers of {examples.name}"))


def measure_one(name: str, sent: Sent, seed: int, epochs: int | None) -> Trial:
    """Return the trial of a classifier; raises as `eval.classifiers.training.measure`, and `load_examples`."""
    import_quietly("keras")
    return import_module(TRAINING).measure(name, _open(*sent) if isinstance(sent, tuple) else sent, seed, epochs)


@lru_cache(1)
def _open(inputs: str, options: InputOptions, sha256: str) -> "Examples":
    """Return the examples of another process, loaded here once."""
    examples = load_examples(inputs, options)
    if examples.sha256 != sha256:
        raise IntegrityError(
            f"{inputs} is another version on this worker than where the command runs. Install the same."
        )
    return examples
