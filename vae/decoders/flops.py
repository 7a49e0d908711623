"""The number of floating-point operations of a network for one row, counted in its ONNX graph."""

import math

import onnx

Shape = tuple[int, ...]


def count_flops(model: bytes) -> int:
    """Return the multiplications and additions of one row in matrix products and convolutions, and no others."""
    graph = onnx.load_from_string(model)
    for argument in graph.graph.input:
        argument.type.tensor_type.shape.dim[0].dim_value = 1
    for argument in graph.graph.output:
        argument.type.tensor_type.shape.dim[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(graph, strict_mode=True, data_prop=True)
    shapes = _read_shapes(graph.graph)
    return sum(_count(node, shapes) for node in graph.graph.node)


def _read_shapes(graph: onnx.GraphProto) -> dict[str, Shape]:
    shapes = {constant.name: tuple(constant.dims) for constant in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        shapes[value.name] = tuple(size.dim_value for size in value.type.tensor_type.shape.dim)
    return shapes


def _count(node: onnx.NodeProto, shapes: dict[str, Shape]) -> int:
    if node.op_type == "MatMul":
        return 2 * math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    if node.op_type == "Gemm":
        is_transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return 2 * math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if is_transposed else 1]
    if node.op_type == "Conv":
        return 2 * math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":
        return 2 * math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])
    return 0
