import re

import keras
import numpy as np
import onnx
import pytest
from keras import layers
from onnx import TensorProto, helper

from vae.decoders.comparison import BATCHES, DecoderRow, count_flops, count_operations, describe_rows, make_rows
from vae.training.onnx_export import export

pytestmark = pytest.mark.slow

SHAPE = (6, 4, 2)


def make_network(*parts, shape=SHAPE):
    return export(keras.Sequential([keras.Input(shape), *parts]), values=shape)


def test_operations_are_those_that_the_runtime_makes():
    smooth, plain = (layers.Dense(8, activation, bias_initializer="ones") for activation in ("silu", "tanh"))
    network = make_network(smooth, plain, shape=(8,))
    assert len(onnx.load_from_string(network.model).graph.node) == 7
    assert count_operations(network) == 3  # two products with their biases, the second with tanh, and silu


def test_rows_hold_what_was_measured_and_the_share_of_the_peak(monkeypatch):
    monkeypatch.setattr("vae.decoders.comparison.TURN_ROWS", 1)
    monkeypatch.setattr("vae.decoders.comparison.PEAK_WIDTH", 64)
    decoders = {
        "published": make_network(layers.Dense(64), shape=(64,)),
        "other": make_network(layers.ReLU(), shape=(64,)),
    }
    rows = make_rows(decoders, {"published": {"mse": 0.1}, "other": {"mse": 0.2}}, {"other": 3.0}, 1)
    published, other = rows
    assert (published.name, published.measures, published.seconds) == ("published", {"mse": 0.1}, None)
    assert (other.name, other.measures, other.seconds, other.peak_share) == ("other", {"mse": 0.2}, 3.0, 0.0)
    assert published.peak_share > 0
    assert published.megaflops == pytest.approx(2 * 64 * 64 / 1e6)
    for row in rows:
        assert set(row.rows_a_second) == set(BATCHES)
        assert np.min(list(row.rows_a_second.values())) > 0


def test_the_text_is_a_table_of_costs_and_one_of_measures():
    rates = dict.fromkeys(BATCHES, 1234.5)
    rows = [
        DecoderRow("published", 3.179, 275, rates, 0.97, {"mse_samples": 0.00382}),
        DecoderRow("other", 1.0, 7, rates, 0.5, {"mse_samples": 0.012}, 61.2),
    ]
    shown, measures = (text.splitlines() for text in describe_rows(rows).split("\n\n"))
    rates_of_batches = ["1,234"] * len(BATCHES)
    assert [re.split(r"\s{2,}", line) for line in shown] == [
        ["", "MFLOP", "operations", *(f"rows/s at {batch}" for batch in BATCHES), "of peak"],
        ["published", "3.18", "275", *rates_of_batches, "97%"],
        ["other", "1.00", "7", *rates_of_batches, "50%"],
    ]
    assert [re.split(r"\s{2,}", line.rstrip()) for line in measures] == [
        ["", "mse_samples", "trained"],
        ["published", "0.0038"],
        ["other", "0.0120", "61 s"],
    ]


def make_model(nodes, weights, row_shape, out_shape):
    """ONNX bytes of nodes from `inputs` to `outputs`, with weights of these shapes."""
    constants = [onnx.numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in weights.items()]
    inputs = helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["n", *row_shape])
    outputs = helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["n", *out_shape])
    graph = helper.make_graph(nodes, "network", [inputs], [outputs], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()


@pytest.mark.parametrize(
    ("node", "weight", "row_shape", "out_shape", "expected"),
    [
        (("MatMul", {}), (5, 7), (5,), (7,), 2 * 5 * 7),
        (("Gemm", {}), (5, 7), (5,), (7,), 2 * 5 * 7),
        (("Gemm", {"transB": 1}), (7, 5), (5,), (7,), 2 * 5 * 7),
        (("Conv", {}), (8, 3, 2, 2), (3, 6, 6), (8, 5, 5), 2 * 8 * 5 * 5 * 3 * 4),
        (("ConvTranspose", {"strides": [2, 2]}), (3, 8, 2, 2), (3, 4, 4), (8, 8, 8), 2 * 8 * 4 * 4 * 3 * 4),
    ],
)
def test_a_product_is_counted_for_one_row(node, weight, row_shape, out_shape, expected):
    kind, attributes = node
    model = make_model(
        [helper.make_node(kind, ["inputs", "weight"], ["outputs"], **attributes)],
        {"weight": weight},
        row_shape,
        out_shape,
    )
    assert count_flops(model) == expected


def test_products_in_a_row_add_up_and_all_else_is_free():
    nodes = [
        helper.make_node("MatMul", ["inputs", "first"], ["a"]),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "second"], ["outputs"]),
    ]
    model = make_model(nodes, {"first": (4, 6), "second": (6, 2)}, (4,), (2,))
    assert count_flops(model) == 2 * (4 * 6 + 6 * 2)
