"""The export of a trained Keras VAE as two ONNX networks."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import onnx
from keras import KerasTensor, ops

from ld_data.typing import Array
from vae.model.vae import Vae
from vae.runtime.cells import GaussianClasses
from vae.runtime.onnx_network import FrozenVae, Network


class _Function(keras.Model):
    """A function of arrays as a model that Keras exports."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(name="function")
        self.function = partial(function)  # hides its layers: Keras would trace each of them

    def call(self, arguments: Sequence[KerasTensor]) -> Any:
        return self.function(*arguments)


def freeze(vae: Vae) -> FrozenVae:
    """Return the encoder and the decoder of a VAE as two networks, each with the flow inside."""
    latents = (vae.config.latent_dim,)
    encoder = export(vae.encode, inputs=vae.config.input_shape, noise=latents)
    return FrozenVae(vae.config, encoder, export(vae.decode, latents=latents))


def freeze_classes(vae: Vae, frequency: Array) -> GaussianClasses:
    """Return the codec of a class VAE, linear both ways, whose classes have the shares `frequency` `(k,)`."""
    last, _ = vae.decoder.layers
    z_mean, z_log_var = vae.encoder(np.eye(len(frequency), dtype=np.float32))
    weight, bias, mean, variance = map(ops.convert_to_numpy, (last.kernel, last.bias, z_mean, ops.exp(z_log_var)))
    return GaussianClasses(weight, bias, mean, frequency, variance, freeze(vae))


def export(function: Callable[..., Any], **shapes: tuple[int, ...]) -> Network:
    """Return a Keras model, or a function of its layers, as a network of inputs `(n, *shape)` by their names.

    The bytes are the same for the same weights.
    """
    model = _Function(function)
    model([np.zeros((1, *shape), np.float32) for shape in shapes.values()])  # Keras exports no model before a call
    signature = [keras.InputSpec(shape=(None, *shape), dtype="float32", name=name) for name, shape in shapes.items()]
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf2onnx uses names that numpy deprecates
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False, input_signature=[signature])
        return Network(_normalise(onnx.load(path)).SerializeToString(deterministic=True))


def _normalise(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model with its nodes in the order of need, and its constants and values numbered in that order.

    tf2onnx orders them by the hashes of names, and its names count up in a process.
    """
    constants = {constant.name: constant for constant in model.graph.initializer}
    inputs = [argument for argument in model.graph.input if argument.name not in constants]
    graph = onnx.GraphProto(name=model.graph.name, input=inputs, output=model.graph.output)
    names = {argument.name: argument.name for argument in graph.input} | {"": ""}
    for node in _order_nodes(model.graph):
        for name in node.input:
            if name in constants and name not in names:
                names[name] = f"constant_{len(graph.initializer)}"
                graph.initializer.add().CopyFrom(constants[name])
                graph.initializer[-1].name = names[name]
        names |= {name: f"value_{len(graph.node)}_{number}" for number, name in enumerate(node.output)}
        taken, given = ([names[name] for name in part] for part in (node.input, node.output))
        attributes = sorted(node.attribute, key=lambda attribute: attribute.name)
        graph.node.add(op_type=node.op_type, domain=node.domain, input=taken, output=given, attribute=attributes)
    for argument in graph.output:
        argument.name = names[argument.name]
    for argument in (*graph.input, *graph.output):
        argument.type.tensor_type.shape.dim[0].dim_param = "n"
    return onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def _order_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Return the nodes that the outputs need, each after the nodes that it needs, inputs from left to right."""
    makers = {name: node for node in graph.node for name in node.output}
    ordered: dict[int, onnx.NodeProto] = {}
    waiting = [makers[argument.name] for argument in reversed(graph.output)]
    while waiting:
        needed = [makers[name] for name in waiting[-1].input if name in makers]
        if missing := [node for node in needed if id(node) not in ordered]:
            waiting += reversed(missing)
        else:
            node = waiting.pop()
            ordered[id(node)] = node
    return list(ordered.values())
