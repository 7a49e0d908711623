"""Training of classifiers on the inputs of a source, on latents, or on decoded latents; their features; and judges."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from eval.classifiers.parts import make_feature_model
from eval.classifiers.registry import CLASSIFIERS, find_classifier
from eval.classifiers.tables import Trial, summarise
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.health.probes import to_unit_scale
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from ld_data.storage.hashing import hash_arrays
from ld_data.typing import Array, Floats

JUDGES = {"mnist-rot-back-image-like": "judge-deeper"}  # by source, where another classifier is better than "judge"
JUDGE_STEPS = 14_100
OTHER_SEED = 1 << 16  # judge and VAE get different signals of a generator


@dataclass(frozen=True)
class Examples:
    """Inputs with their classes, for a classifier.

    Attributes:
        name: of the source or release, with the changes to it.
        x_train, x_test: `(n, h, w)`, `(n, h, w, 3)` or `(n, t)` float32, pixels in [0, 1].
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
    order = np.random.RandomState(42).permutation(int(np.prod(shape[:2])))  # the permutation of the MNIST-1D notebook
    train, test = (
        x.reshape(len(x), -1, *shape[2:])[:, order].reshape(-1, *shape) for x in (examples.x_train, examples.x_test)
    )
    return replace(examples, name=f"{examples.name}, shuffled", x_train=train, x_test=test)


def keep_rows(examples: Examples, rows: int) -> Examples:
    """Return the examples with the first `rows` training rows, or all; raise `InputError` if a class has none left."""
    check_integer("the training rows to keep", rows, 1, 2**31 - 1)
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

    Without `epochs` it trains as long as the original. It raises as `check_training`.
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
    classifier = find_classifier(name, examples.x_train.shape[1:])
    for seed in seeds:
        check_integer("seed", seed, 0, 2**31 - 1)
    return check_integer("epochs", classifier.plan.epochs if epochs is None else epochs, 1, 100_000)


def measure(name: str, examples: Examples, seed: int = 0, epochs: int | None = None) -> Trial:
    """Return the trial of a classifier, trained from that seed and tested on the test rows; raises as `train`."""
    model = train(name, examples, seed, epochs)
    logits = model.predict(examples.x_test, batch_size=1000, verbose=0)
    accuracy = float((logits.argmax(axis=1) == examples.label_test).mean())
    parameters = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    origin = (name, examples.name, examples.sha256, seed, epochs or CLASSIFIERS[name].plan.epochs)
    rows = (len(examples.x_train), len(examples.x_test))
    return Trial(*origin, *rows, parameters, accuracy, keras.backend.backend())


def make_views(name: str, examples: Examples, rows: int, seed: int = 0, epochs: int | None = None) -> dict[str, Array]:
    """Return the first test rows `(rows, d)` in three views: raw, and a classifier's features untrained and trained.

    The features are the inputs of its last layer: without hidden layers they are the raw inputs, the only view. It
    needs 10 rows or more, and raises as `train`.
    """
    check_integer("rows", rows, 10, 2**31)
    inputs = examples.x_test[:rows]
    shape = inputs.shape[1:]
    untrained = find_classifier(name, shape).make(shape, examples.classes, seed)
    if not any(layer.weights for layer in untrained.layers[:-1]):
        return {"raw inputs": inputs.reshape(len(inputs), -1)}
    networks = {"untrained features": untrained, "trained features": train(name, examples, seed, epochs)}
    views = {"raw inputs": inputs}
    for title, network in networks.items():
        views[title] = make_feature_model(network).predict(inputs, batch_size=1000, verbose=0)
    return {title: view.reshape(len(inputs), -1) for title, view in views.items()}


def measure_neighbours(views: Mapping[str, Array], labels: Array) -> dict[str, float]:
    """Return for each view `(n, d)` the share of rows whose nearest other row is of the same class `(n,)`."""
    nearest = {title: NearestNeighbors(n_neighbors=1).fit(view).kneighbors()[1][:, 0] for title, view in views.items()}
    return {title: float((labels == labels[rows]).mean()) for title, rows in nearest.items()}


def train_judge(source: Source, epochs: int | None = None, seed: int = 0) -> keras.Model:
    """Return the classifier that judges a source, fitted to its raw training inputs.

    Without `epochs` it takes about 14,100 steps. `judge` trains on images that are slightly rotated, moved and resized.
    Signals lose some of their weakest principal components: independent noise is spread over all components, a decoder
    does not reconstruct it, and a judge trained with all of it would react to its absence.
    """
    inputs, labels = source.make_fit_set(seed + OTHER_SEED)
    inputs = to_unit_scale(inputs)
    if inputs.ndim == 2:
        inputs = _drop_components(inputs, seed)
    classifier = CLASSIFIERS[JUDGES.get(source.judge, "judge")]
    epochs = epochs or max(1, JUDGE_STEPS * classifier.plan.batch_rows // len(inputs))
    judge = classifier.fit(inputs, labels, source.classes, seed, "judge", epochs)
    bare = classifier.make(inputs.shape[1:], source.classes, seed)  # without the optimizer, which would be saved
    bare.set_weights(judge.get_weights())
    return bare


def _drop_components(signals: Floats, seed: int) -> Floats:
    """Return signals `(n, t)` rebuilt from their strongest principal components, t/2 to t of them, drawn by row."""
    t = signals.shape[1]
    kept = np.random.default_rng(seed).integers(t // 2, t, size=len(signals), endpoint=True)
    pca = PCA(random_state=seed).fit(signals)
    return pca.inverse_transform(pca.transform(signals) * (np.arange(t) < kept[:, None])).astype(np.float32)


def describe_trials(trials: Sequence[Trial]) -> str:
    """Return the results of trials of one classifier on the same examples as text."""
    first = trials[0]
    seeds = ", ".join(f"{trial.accuracy:.2%} (seed {trial.seed})" for trial in trials)
    return (
        f"{first.inputs}, {first.train_rows} + {first.test_rows} rows\n"
        f"{first.classifier} ({CLASSIFIERS[first.classifier].about}), {first.parameters} parameters, "
        f"{first.epochs} epochs\n"
        f"reads {summarise(trials):.2%} of the test rows right: {seeds}"
    )


def to_json(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return trials of one classifier as JSON values, with their mean and standard deviation."""
    return {"trials": [asdict(trial) for trial in trials], **asdict(summarise(trials))}
