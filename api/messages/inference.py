"""Requests and answers of the Open Inference Protocol v2, with binary tensors.

The protocol: https://github.com/kserve/open-inference-protocol. The extension for tensors as bytes after the JSON:
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from fastapi import Response
from pydantic import BaseModel

from api.messages.envelopes import DrawParameters, DrawRequest, InferenceRequest, InputTensor, RequestedOutput
from api.messages.numbers import MAX_DIMENSIONS, PLACE
from api.messages.payload import JSON, MAX_ECHO, make_array, parse_message, write_json
from api.messages.replies import Frame, Question, Reply, Whole
from api.releases.operations import MAX_FIRST_ROW, Draw, Operation, Tensor
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.noise import MAX_SEED
from ld_data.protocols import check_mode
from ld_data.storage.arrays import write_values
from ld_data.typing import Array

BINARY = "application/octet-stream"
HEADER_LENGTH = "Inference-Header-Content-Length"
DATATYPES: dict[str, np.dtype[Any]] = {
    f"{kind}{8 * size}": np.dtype(f"<{code}{size}")
    for kind, code, sizes in (("UINT", "u", (1, 2, 4, 8)), ("INT", "i", (1, 2, 4, 8)), ("FP", "f", (2, 4, 8)))
    for size in sizes
}
DATATYPE_NAMES = {dtype: name for name, dtype in DATATYPES.items()}


@dataclass(frozen=True, eq=False)
class Model:
    """An encoder or a decoder of a release, under its name in the protocol."""

    name: str
    version: str
    operation: Operation


class TensorMetadata(BaseModel):
    """The description of an input or an output."""

    name: str
    datatype: str
    shape: list[int]


class TensorConfig(BaseModel):
    """The configuration of an input or an output, with Triton's names of types."""

    name: str
    data_type: str
    dims: list[int]


@dataclass(frozen=True)
class InferenceReply(Reply):
    """An answer of the protocol."""

    names: Mapping[str, str]  # of the model, its version and, if it has one, the request
    outputs: Mapping[str, bool]  # in the requested order, and whether each is sent as bytes

    def write(self, operation: Operation, rows: Array) -> Response:
        """Return the answer."""
        arrays, outputs, contents = operation.name_outputs(rows), [], []
        for name, is_binary in self.outputs.items():
            outputs.append(_describe_output(name, arrays[name].dtype, arrays[name].shape, is_binary))
            if is_binary:
                contents.append(write_values(arrays[name]))
            else:
                outputs[-1]["data"] = arrays[name].ravel()
        header = write_json({**self.names, "outputs": outputs})
        if not contents:
            return Whole(header, JSON)
        return Response(b"".join([header, *contents]), media_type=BINARY, headers={HEADER_LENGTH: str(len(header))})

    def frame(self, operation: Operation, first: Array, rows: int) -> Frame:
        """Return the frame of an answer in parts."""
        ((name, is_binary),) = self.outputs.items()
        output = _describe_output(name, first.dtype, (rows, *first.shape[1:]), is_binary)
        if not is_binary:
            head, tail = write_json({**self.names, "outputs": [output | {"data": []}]}), b"]}]}"
            return Frame(JSON, head.removesuffix(tail), lambda part: write_json(part.ravel())[1:-1], b",", tail)
        head = write_json({**self.names, "outputs": [output]})
        length = str(len(head) + rows * first[:1].nbytes)
        return Frame(BINARY, head, write_values, headers={HEADER_LENGTH: str(len(head)), "Content-Length": length})


def describe_tensor(tensor: Tensor) -> TensorMetadata:
    """Return the description of an input or an output; -1 stands for any number of rows."""
    return TensorMetadata(
        name=tensor.name, datatype=DATATYPE_NAMES[np.dtype(tensor.dtype)], shape=[-1, *tensor.row_shape]
    )


def configure_tensor(tensor: Tensor) -> TensorConfig:
    """Return the configuration of an input or an output; -1 stands for any number of rows."""
    described = describe_tensor(tensor)
    return TensorConfig(name=described.name, data_type=f"TYPE_{described.datatype}", dims=described.shape)


def read_question(model: Model, header_length: str | None, body: bytes) -> Question:
    """Return the request for a model in a body.

    `header_length` is the value of the header of that name, the length of the JSON; without it all bytes are JSON.

    Raises:
        InputError: the body does not follow the protocol.
    """
    length = _read_header_length(header_length, len(body))
    values, large = parse_message(body[:length])
    request = (DrawRequest if model.operation.draws else InferenceRequest).read(values)
    if request.model_name not in (None, model.name):  # some clients send the name once more
        raise InputError(f"model_name must be the name in the address, {model.name}, or be left out.")
    parameters = request.parameters
    draw = _read_draw(parameters) if isinstance(parameters, DrawParameters) else Draw()
    names = {"model_name": model.name, "model_version": model.version} | ({"id": request.id} if request.id else {})
    outputs = _read_outputs(request.outputs or [], bool(parameters and parameters.binary_data_output), model.operation)
    array = _read_inputs(request.inputs, memoryview(body)[length:], model.operation.takes, large)
    return Question(array, draw, InferenceReply(names, outputs))


def _describe_output(name: str, dtype: np.dtype[Any], shape: tuple[int, ...], is_binary: bool) -> dict[str, Any]:
    output: dict[str, Any] = {"name": name, "datatype": DATATYPE_NAMES[dtype], "shape": shape}
    if is_binary:
        output["parameters"] = {"binary_data_size": math.prod(shape) * dtype.itemsize}
    return output


def _read_header_length(text: str | None, most: int) -> int:
    if text is None:
        return most
    if not text.isdecimal() or len(text) > 18 or int(text) > most:
        raise InputError(
            f"{HEADER_LENGTH} must be the length of the JSON in the body, at most {most} bytes; received "
            f"{text[:MAX_ECHO]}."
        )
    return int(text)


def _read_draw(parameters: DrawParameters) -> Draw:
    mode = check_mode("sample" if parameters.mode is None else parameters.mode)
    seed = check_integer("seed", parameters.seed or 0, 0, MAX_SEED)
    return Draw(mode, seed, check_integer("first_row", parameters.first_row or 0, 0, MAX_FIRST_ROW))


def _read_outputs(requested: list[RequestedOutput], is_binary: bool, operation: Operation) -> dict[str, bool]:
    """Return the requested outputs, or all if none is named, and whether each is sent as bytes."""
    known = [tensor.name for tensor in operation.outputs]
    outputs: dict[str, bool] = {}
    for output in requested:
        if output.name not in known or output.name in outputs:
            raise InputError(f"outputs must be among {', '.join(known)}, each once; received {output.name[:MAX_ECHO]}.")
        chosen = output.parameters.binary_data if output.parameters else None
        outputs[output.name] = is_binary if chosen is None else chosen
    return outputs or dict.fromkeys(known, is_binary)


def _read_inputs(inputs: list[InputTensor], content: memoryview, expected: Tensor, large: Array | None) -> Array:
    """Return the array of the one input; `large` is the array that `data` only stands for."""
    if len(inputs) != 1:
        raise InputError(f"expected one input, {expected.name}; received {len(inputs)}.")
    (given,) = inputs
    if given.name != expected.name:
        raise InputError(f"expected the input {expected.name}; received {given.name[:MAX_ECHO]}.")
    shape = _read_shape(given.shape)
    if given.datatype not in DATATYPES:
        raise InputError(f"datatype must be one of {', '.join(DATATYPES)}; received {given.datatype[:MAX_ECHO]}.")
    size = given.parameters.binary_data_size if given.parameters else None
    if (given.data is None) == (size is None):
        raise InputError(f"input {given.name} must have either data or the parameter binary_data_size.")
    if given.data is None:
        return _read_binary(content, size, shape, given.datatype)
    if content:
        raise InputError(f"{len(content)} bytes come after the JSON, but input {given.name} has its data there.")
    array = large if large is not None and given.data == [PLACE] else _make_array(given.data)
    return _convert(array, shape, given.datatype)


def _read_shape(values: list[Any]) -> tuple[int, ...]:
    if len(values) > MAX_DIMENSIONS or not all(type(value) is int and value > 0 for value in values):
        received = str(values[: MAX_DIMENSIONS + 1])[:MAX_ECHO]
        raise InputError(f"shape must be at most {MAX_DIMENSIONS} whole numbers of 1 or more; received {received}.")
    return tuple(values)


def _read_binary(content: memoryview, size: int | None, shape: tuple[int, ...], datatype: str) -> Array:
    dtype = DATATYPES[datatype]
    expected = math.prod(shape) * dtype.itemsize
    if not expected == size == len(content):
        raise InputError(
            f"{datatype} of shape {list(shape)} takes {expected} bytes; binary_data_size says {size}, and "
            f"{len(content)} come after the JSON, whose length belongs into {HEADER_LENGTH}."
        )
    return np.ndarray(shape, dtype, content)


def _convert(array: Array, shape: tuple[int, ...], datatype: str) -> Array:
    if array.shape not in (shape, (math.prod(shape),)):
        raise InputError(
            f"data must be flat, or nested as its shape {list(shape)}; it has the shape {list(array.shape)}."
        )
    dtype = DATATYPES[datatype]
    if dtype.kind != "f":
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        if array.dtype.kind == "f" or array.min() < least or array.max() > most:
            raise InputError(f"{datatype} holds whole numbers from {least} to {most}; received other numbers.")
    with np.errstate(over="ignore"):  # an overflow becomes infinite, and is refused as such
        return array.reshape(shape).astype(dtype)


def _make_array(data: list[Any]) -> Array:
    """Return nested lists as an array; raise `InputError` for any value but a number."""
    leaves, depth = data, 1
    try:
        while leaves and type(leaves[0]) is list and depth < MAX_DIMENSIONS:
            leaves, depth = list(chain.from_iterable(leaves)), depth + 1
    except TypeError as error:
        raise InputError("data must be a rectangular array of numbers; its lists differ in depth.") from error
    if others := set(map(type, leaves)) - {int, float}:
        raise InputError(f"data must be numbers; received {', '.join(sorted(kind.__name__ for kind in others))}.")
    return make_array(data, "data")
