import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from vae.decoders.costs import count_flops

pytestmark = pytest.mark.slow


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
