"""Training of classifiers on the inputs of a source, on the latents of a release, or on these decoded."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras
import numpy as np
from joblib import Parallel, delayed, parallel_config

from eval.classifiers.registry import CLASSIFIERS, find_classifier
from eval.classifiers.trials import Trial, summarise
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.health.probes import to_unit_scale
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from ld_data.storage.hashing import hash_arrays
from ld_data.typing import Array, Floats

MAX_SEED = 2**31 - 1
MAX_EPOCHS = 100_000
MAX_ROWS = 2**31 - 1
SHUFFLING_SEED = 42  # the seed of the MNIST-1D notebook, for the same permutation of 40 positions
TEST_BATCH_ROWS = 1000


@dataclass(frozen=True)
class Examples:
    """Inputs with their classes, for a classifier.

    Attributes:
        name: of the source or release, with the changes to it.
        x_train, x_test: `(n, h, w)` or `(n, t)` float32, pixels in [0, 1].
        label_train, label_test: classes `(n,)`.
        sha256: of the source, or of the rows of the release.
    """

    name: str
    x_train: Floats
    label_train: Array
    x_test: Floats
    label_test: Array
    sha256: str

    @property
    def classes(self) -> int:
        """The number of classes k."""
        return int(self.label_train.max()) + 1


def take_inputs(source: Source) -> Examples:
    """Return the inputs of a source."""
    train, test = to_unit_scale(source.inputs_train), to_unit_scale(source.inputs_test)
    return Examples(source.name, train, source.label_train, test, source.label_test, source.sha256)


def take_latents(data: LatentDataset) -> Examples:
    """Return the x of a release, one sampled vector for each input."""
    arrays = (data.train.x, data.train.label, data.test.x, data.test.label)
    return Examples(data.name, *arrays, hash_arrays(*arrays))


def take_decoded(latents: Examples, codec: LatentCodec) -> Examples:
    """Return the decoded x of a release."""
    train, test = (codec.x.decode(x) for x in (latents.x_train, latents.x_test))
    return replace(latents, name=f"{latents.name}, decoded", x_train=train, x_test=test)


def shuffle_positions(examples: Examples) -> Examples:
    """Return the examples with the pixels or points in another order, the same for all inputs."""
    shape = examples.x_train.shape[1:]
    order = np.random.RandomState(SHUFFLING_SEED).permutation(int(np.prod(shape)))
    train, test = (x.reshape(len(x), -1)[:, order].reshape(-1, *shape) for x in (examples.x_train, examples.x_test))
    return replace(examples, name=f"{examples.name}, shuffled", x_train=train, x_test=test)


def keep_rows(examples: Examples, rows: int) -> Examples:
    """Return the examples with the first `rows` training rows and that in their name, or all if there are fewer.

    Raises:
        InputError: if `rows` is below 1, or if the rows leave classes out.
    """
    check_integer("the training rows to keep", rows, 1, MAX_ROWS)
    if rows >= len(examples.x_train):
        return examples
    name = f"{examples.name}, first {rows}"
    kept = replace(examples, name=name, x_train=examples.x_train[:rows], label_train=examples.label_train[:rows])
    held, classes = (len(np.unique(labels)) for labels in (kept.label_train, examples.label_train))
    if held < classes:
        raise InputError(f"the first {rows} training rows hold {held} of {classes} classes. Keep more of them.")
    return kept


def train(name: str, examples: Examples, seed: int = 0, epochs: int | None = None) -> keras.Model:
    """Return a classifier fitted to the training rows, under a progress bar; its outputs are logits.

    Without `epochs` it trains as long as the original.

    Raises:
        UnknownNameError: if there is no such classifier.
        InputError: if the seed or the epochs are out of range, or if the classifier does not read such inputs.
    """
    epochs = check_training(name, examples, [seed], epochs)
    title = f"{name} on {examples.name}, seed {seed}"
    return CLASSIFIERS[name].fit(examples.x_train, examples.label_train, examples.classes, seed, title, epochs)


def check_training(name: str, examples: Examples, seeds: Sequence[int], epochs: int | None = None) -> int:
    """Return the epochs of a training, after a check of its arguments for all seeds.

    Raises:
        UnknownNameError: if there is no such classifier.
        InputError: if a seed or the epochs are out of range, or if the classifier does not read such inputs.
    """
    classifier = find_classifier(name, examples.x_train.ndim - 1)
    for seed in seeds:
        check_integer("seed", seed, 0, MAX_SEED)
    return check_integer("epochs", classifier.plan.epochs if epochs is None else epochs, 1, MAX_EPOCHS)


def measure(name: str, examples: Examples, seed: int = 0, epochs: int | None = None) -> Trial:
    """Return the trial of a classifier: trained from that seed, tested on the test rows.

    Raises:
        UnknownNameError: if there is no such classifier.
        InputError: if the seed or the epochs are out of range, or if the classifier does not read such inputs.
    """
    epochs = check_training(name, examples, [seed], epochs)
    model = train(name, examples, seed, epochs)
    logits = model.predict(examples.x_test, batch_size=TEST_BATCH_ROWS, verbose=0)
    return Trial(
        name,
        examples.name,
        examples.sha256,
        seed,
        epochs,
        len(examples.x_train),
        len(examples.x_test),
        sum(int(np.prod(weight.shape)) for weight in model.trainable_weights),
        float((logits.argmax(axis=1) == examples.label_test).mean()),
        keras.backend.backend(),
    )


def measure_trials(
    tasks: Sequence[tuple[str, Examples]], seeds: Sequence[int], jobs: int = 1, epochs: int | None = None
) -> Iterator[Trial]:
    """Yield the trial of each seed of each task, a classifier and its examples, one after another.

    With several jobs, processes train at the same time.

    Raises:
        UnknownNameError: if there is no such classifier.
        InputError: if a seed or the epochs are out of range, or if a classifier does not read its examples; all tasks
            are checked before the first one is trained.
    """
    for name, examples in tasks:
        check_training(name, examples, seeds, epochs)
    calls = [delayed(measure)(name, examples, seed, epochs) for name, examples in tasks for seed in seeds]
    with parallel_config("loky", inner_max_num_threads=1 if jobs > 1 else None):
        yield from Parallel(jobs, return_as="generator")(calls)


def describe_trials(trials: Sequence[Trial]) -> str:
    """Return the results of trials of one classifier on the same examples as text."""
    first, spread = trials[0], summarise(trials)
    seeds = ", ".join(f"{trial.accuracy:.2%} (seed {trial.seed})" for trial in trials)
    deviation = "" if spread.std is None else f" +- {spread.std:.2%}"
    return (
        f"{first.inputs}, {first.train_rows} + {first.test_rows} rows\n"
        f"{first.classifier} ({CLASSIFIERS[first.classifier].about}), {first.parameters} parameters, "
        f"{first.epochs} epochs\n"
        f"reads {spread.mean:.2%}{deviation} of the test rows right: {seeds}"
    )


def to_json(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return trials of one classifier as JSON values, with their mean and standard deviation."""
    return {"trials": [asdict(trial) for trial in trials], **asdict(summarise(trials))}
