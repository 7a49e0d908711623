"""The arm of features: a map of what a trained convolutional network makes of signals that it was not trained on."""

from eval.classifiers.training import Examples, make_views
from eval.studies.design.trials import Outcome
from eval.studies.inputs import Signals, make_signals
from eval.studies.maps.drawing import describe_map


def load_signals() -> Signals:
    """Return 4,000 signals for the training of the network, and 5,000 for the map."""
    return make_signals(9_000, 4_000)


def measure_features(signals: Signals, seed: int, *, count: int, classifier: str, epochs: int) -> Outcome:
    """Return the figures of `describe_map` for the inputs of a classifier's last layer, of the first test rows."""
    data = (signals.x_train, signals.label_train, signals.x_test, signals.label_test)
    views = make_views(classifier, Examples("mnist1d", *data, signals.sha256), count, seed, epochs)
    return describe_map(views["trained features"], signals.label_test[:count])
