"""The export of a fitted baseline as an ONNX network: float32 arithmetic, and large weights stored as float16."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from onnx import numpy_helper

from eval.baselines.perceptrons import KerasAnswer
from eval.baselines.registry import fit_baseline
from eval.evaluation import evaluate
from eval.kept.models import FACTS, X, Y, load_model
from eval.predictions import Model
from eval.rules.network import Network
from ld_data.errors import InputError
from ld_data.release.dataset import LatentDataset
from ld_data.storage.staging import stage_file
from ld_data.typing import Array

OPSET, IR = 17, 8
LARGE = 1024  # values: an array with so many is stored as float16, which halves the file
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh"}

Layers = list[tuple[Array, Array, str]]  # weights (in, out), biases (out,), and an activation or "linear"


def export_baseline(name: str, data: LatentDataset, seed: int, path: Path) -> float:
    """Return the skill of a baseline, fitted from a seed, whose network this writes to a file.

    The skill is that of the stored weights, and in the file too. Raises as `fit_baseline` and `list_layers`.
    """
    layers = list_layers(name, fit_baseline(name, data, seed))
    facts = {"release": data.name, "data_sha256": data.test_sha256, "skill": 0.0}
    with stage_file(path) as draft:
        draft.write_bytes(write_network(layers, facts))
        facts["skill"] = skill = round(evaluate(load_model(draft), data).skill, 4)
        draft.write_bytes(write_network(layers, facts))
    return skill


def list_layers(name: str, model: Model) -> Layers:
    """Return the layers of a fitted baseline, with the scales of batch normalisation in the weights.

    Raises:
        InputError: it is no perceptron of dense layers.
    """
    if isinstance(model, Network) and type(model).run is Network.run and type(model).predict is Network.predict:
        weights = model.weights[: model.layers]
        ends = ["tanh"] * (model.layers - 1) + ["linear"]
        return [(own[:-1], own[-1], end) for own, end in zip(weights, ends, strict=True)]
    if isinstance(model, KerasAnswer) and isinstance(model.model, keras.Sequential):
        return _list_keras_layers(model.model)
    raise InputError(f"{name} is no perceptron of dense layers, so it has no export. Try mlp or feedback-alignment.")


def _list_keras_layers(model: keras.Sequential) -> Layers:
    layers: Layers = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            weight, *bias = layer.get_weights()
            end = layer.activation.__name__
            layers.append((weight, bias[0] if bias else np.zeros(weight.shape[1], np.float32), end))
        elif isinstance(layer, keras.layers.BatchNormalization):
            scale, offset, mean, variance = layer.get_weights()
            weight, bias, end = layers[-1]
            factor = scale / np.sqrt(variance + layer.epsilon)
            layers[-1] = (weight * factor, (bias - mean) * factor + offset, end)
        elif isinstance(layer, keras.layers.ReLU):
            layers[-1] = (*layers[-1][:2], "relu")
    return layers


def write_network(layers: Layers, facts: dict[str, Any]) -> bytes:
    """Return the ONNX bytes of layers from x to y `(n, d)`, with facts as metadata: the same for the same weights."""
    nodes, arrays, value = [], [], X
    for number, (weight, bias, end) in enumerate(layers):
        stored = weight.astype(np.float16 if weight.size >= LARGE else np.float32)
        names = [f"{part}_{number}" for part in ("stored", "weight", "bias", "product", "sum", "value")]
        arrays += [numpy_helper.from_array(own, name) for own, name in ((stored, names[0]), (bias, names[2]))]
        is_last = number == len(layers) - 1
        out = Y if is_last else names[5]
        nodes += [
            onnx.helper.make_node("Cast", names[:1], names[1:2], to=onnx.TensorProto.FLOAT),
            onnx.helper.make_node("MatMul", [value, names[1]], [names[3]]),
            onnx.helper.make_node("Add", [names[3], names[2]], [out if end == "linear" else names[4]]),
        ]
        nodes += [] if end == "linear" else [onnx.helper.make_node(ACTIVATIONS[end], [names[4]], [out])]
        value = out
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", size])
        for name, size in ((X, layers[0][0].shape[0]), (Y, layers[-1][0].shape[1]))
    ]
    graph = onnx.helper.make_graph(nodes, "baseline", ends[:1], ends[1:], arrays)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.helper.set_model_props(model, {name: str(facts[name]) for name in FACTS})
    return model.SerializeToString(deterministic=True)
