"""Small networks of learning rules, and exact gradients to compare them with."""

import numpy as np

from eval.rules.forward_forward import ForwardForward

SIZES = (5, 7, 6, 3)


def make_network(rule, sizes=SIZES, seed=0):
    """A network in float64 whose output is not zero, so that errors reach every layer."""
    network = rule(sizes, np.random.default_rng(seed))
    random = np.random.default_rng(2)
    network.weights = [random.normal(0, 0.4, weight.shape) for weight in network.weights]
    return network


def make_forward_forward(data, units=(16,)):
    """A network of forward-forward for a dataset."""
    return ForwardForward.make_for(data, units, np.random.default_rng(0))


def differentiate(measure, weights):
    """The gradient of a number by central differences."""
    gradient = np.zeros(weights.shape)
    for place in np.ndindex(weights.shape):
        kept, values = weights[place], []
        for step in (1e-5, -1e-5):
            weights[place] = kept + step
            values.append(measure())
        weights[place] = kept
        gradient[place] = (values[0] - values[1]) / 2e-5
    return gradient


def measure_cosine(first, second):
    """Of two arrays, or of two lists of arrays as one vector each."""
    first, second = (np.concatenate([np.ravel(array) for array in arrays]) for arrays in (first, second))
    return first @ second / np.linalg.norm(first) / np.linalg.norm(second)


def half_squared_error(network, x, y):
    """The mean over rows of half the squared error, summed over dimensions."""
    return 0.5 * np.square(network.predict(x) - y).sum(axis=1).mean()
