"""Networks of Keras whose biases start as in PyTorch; its kernels are those of `NetworkPlan.like_torch`."""

import keras
import numpy as np


def start_biases(network: keras.Model, random: np.random.Generator) -> keras.Model:
    """Return the network after its biases were drawn uniformly within 1 / sqrt(inputs of a unit)."""
    for layer in filter(lambda its: its.weights, network.layers):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, random.uniform(-1, 1, bias.shape) / np.sqrt(kernel[..., 0].size)])
    return network
