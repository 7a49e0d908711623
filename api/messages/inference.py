"""Requests and answers of the Open Inference Protocol v2, with binary tensors.

The protocol is at https://github.com/kserve/open-inference-protocol, and the extension, by which the values of a tensor
come as bytes after the JSON, at
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from fastapi import Response

from api.messages.fields import Fields
from api.messages.payload import JSON, MAX_ECHO, make_array, parse_object, write_json
from api.messages.replies import Frame, Question
from api.releases.operations import MAX_FIRST_ROW, Draw, Operation, Tensor
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.noise import MAX_SEED
from ld_data.protocols import check_mode
from ld_data.storage.arrays import write_values

BINARY = "application/octet-stream"
HEADER_LENGTH = "Inference-Header-Content-Length"
MAX_DIMENSIONS = 8
DATATYPES: dict[str, np.dtype[Any]] = {
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
DATATYPE_NAMES = {dtype: name for name, dtype in DATATYPES.items()}


@dataclass(frozen=True, eq=False)
class Model:
    """An encoder or a decoder of a release, as the protocol has it."""

    name: str
    version: str
    operation: Operation


@dataclass(frozen=True)
class InferenceReply:
    """An answer of the protocol.

    Attributes:
        names: of model, version and, if it has one, request.
        outputs: that are asked for, in this order, and whether each comes as bytes.
    """

    names: Mapping[str, str]
    outputs: Mapping[str, bool]
    is_picture: ClassVar[bool] = False

    def write(self, operation: Operation, rows: np.ndarray) -> Response:
        """Return the answer."""
        arrays, outputs, contents = operation.name_outputs(rows), [], []
        for name, is_binary in self.outputs.items():
            array = np.ascontiguousarray(arrays[name])
            output = _describe_output(name, array.dtype, array.shape, is_binary)
            if is_binary:
                contents.append(write_values(array))
            else:
                output["data"] = array.ravel()
            outputs.append(output)
        header = write_json({**self.names, "outputs": outputs})
        if not contents:
            return Response(header, media_type=JSON)
        return Response(b"".join([header, *contents]), media_type=BINARY, headers={HEADER_LENGTH: str(len(header))})

    def frame(self, operation: Operation, first: np.ndarray, rows: int) -> Frame:
        """Return what goes around parts."""
        ((name, is_binary),) = self.outputs.items()
        output = _describe_output(name, first.dtype, (rows, *first.shape[1:]), is_binary)
        if not is_binary:
            output["data"] = []
        header = write_json({**self.names, "outputs": [output]})
        if not is_binary:
            end = len(header) - len("]}]}")
            return Frame(JSON, header[:end], lambda part: write_json(part.ravel())[1:-1], b",", header[end:])
        length = len(header) + rows * first[:1].nbytes
        headers = {HEADER_LENGTH: str(len(header)), "Content-Length": str(length)}
        return Frame(BINARY, header, write_values, headers=headers)


def describe_tensor(tensor: Tensor) -> dict[str, Any]:
    """Return what the protocol tells of an input or an output; -1 stands for any number of rows."""
    return {
        "name": tensor.name,
        "datatype": DATATYPE_NAMES[np.dtype(tensor.dtype)],
        "shape": [-1, *tensor.row_shape],
    }


def read_question(model: Model, header_length: str | None, body: bytes) -> Question:
    """Return what a body asks of a model; raise `InputError` where it is not as the protocol has it.

    `header_length` is what the header of that name tells, the length of the JSON; without it all is JSON.
    """
    length = _read_header_length(header_length, len(body))
    fields = Fields("the request", parse_object(body[:length]))
    request_id = fields.take("id", str, "")
    if fields.take("model_name", str, model.name) != model.name:  # some clients send it once more
        raise InputError(f"model_name must be that of the address, {model.name}, or be left out.")
    parameters = Fields("parameters", fields.take("parameters", dict, {}))
    inputs, outputs = fields.need("inputs", list), fields.take("outputs", list, [])
    fields.finish()
    is_binary = parameters.take("binary_data_output", bool, False)
    draw = _read_draw(parameters) if model.operation.draws else Draw()
    parameters.finish()
    names = {"model_name": model.name, "model_version": model.version} | ({"id": request_id} if request_id else {})
    reply = InferenceReply(names, _read_outputs(outputs, is_binary, model.operation))
    return Question(_read_inputs(inputs, memoryview(body)[length:], model.operation.takes), draw, reply)


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
            f"{HEADER_LENGTH} must be how many of the body's {most} bytes are JSON; received {text[:MAX_ECHO]}."
        )
    return int(text)


def _read_draw(parameters: Fields) -> Draw:
    mode = parameters.take("mode", str, "sample")
    seed = check_integer("seed", parameters.take("seed", int, 0), 0, MAX_SEED)
    first_row = check_integer("first_row", parameters.take("first_row", int, 0), 0, MAX_FIRST_ROW)
    return Draw(check_mode(mode), seed, first_row)


def _read_outputs(values: list[Any], is_binary: bool, operation: Operation) -> dict[str, bool]:
    """Return the outputs that are asked for, all if none is named, and whether each is to come as bytes."""
    known = [tensor.name for tensor in operation.outputs]
    outputs: dict[str, bool] = {}
    for value in values:
        fields = Fields("an output", value)
        name = fields.need("name", str)
        if name not in known or name in outputs:
            raise InputError(f"outputs must be among {', '.join(known)}, each once; received {name[:MAX_ECHO]}.")
        parameters = Fields(f"parameters of output {name}", fields.take("parameters", dict, {}))
        outputs[name] = parameters.take("binary_data", bool, is_binary)
        parameters.finish()
        fields.finish()
    return outputs or dict.fromkeys(known, is_binary)


def _read_inputs(values: list[Any], content: memoryview, expected: Tensor) -> np.ndarray:
    """Return the one input of a model, of which JSON or the content holds the values."""
    if len(values) != 1:
        raise InputError(f"expected one input, {expected.name}; received {len(values)}.")
    fields = Fields(f"input {expected.name}", values[0])
    name = fields.need("name", str)
    if name != expected.name:
        raise InputError(f"expected the input {expected.name}; received {name[:MAX_ECHO]}.")
    shape, datatype = _read_shape(fields.need("shape", list)), fields.need("datatype", str)
    if datatype not in DATATYPES:
        raise InputError(f"datatype must be one of {', '.join(DATATYPES)}; received {datatype[:MAX_ECHO]}.")
    parameters = Fields(f"parameters of input {name}", fields.take("parameters", dict, {}))
    data, size = fields.take("data", list, None), parameters.take("binary_data_size", int, None)
    parameters.finish()
    fields.finish()
    if (data is None) == (size is None):
        raise InputError(f"input {name} must have either data or the parameter binary_data_size.")
    if data is None:
        return _read_binary(content, size, shape, datatype)
    if content:
        raise InputError(f"{len(content)} bytes come after the JSON, but input {name} has its data there.")
    return _read_data(data, shape, datatype)


def _read_shape(values: list[Any]) -> tuple[int, ...]:
    """Return a shape; which one the model takes, it checks itself."""
    if len(values) > MAX_DIMENSIONS or not all(type(value) is int and value > 0 for value in values):
        received = str(values[: MAX_DIMENSIONS + 1])[:MAX_ECHO]
        raise InputError(f"shape must be at most {MAX_DIMENSIONS} whole numbers of 1 or more; received {received}.")
    return tuple(values)


def _read_binary(content: memoryview, size: int | None, shape: tuple[int, ...], datatype: str) -> np.ndarray:
    dtype = DATATYPES[datatype]
    expected = math.prod(shape) * dtype.itemsize
    if not expected == size == len(content):
        raise InputError(
            f"{datatype} of shape {list(shape)} takes {expected} bytes; binary_data_size says {size}, and "
            f"{len(content)} come after the JSON, whose length {HEADER_LENGTH} must tell."
        )
    return np.ndarray(shape, dtype, content)


def _read_data(data: list[Any], shape: tuple[int, ...], datatype: str) -> np.ndarray:
    """Return the values of JSON, nested as the shape says or flat, as the datatype."""
    _check_leaves(data)
    array = make_array(data, "data")
    if array.shape not in (shape, (math.prod(shape),)):
        raise InputError(
            f"data must be flat, or nested as its shape {list(shape)}; it has the shape {list(array.shape)}."
        )
    dtype = DATATYPES[datatype]
    if dtype.kind != "f":
        _check_whole(array, datatype)
    with np.errstate(over="ignore"):  # what overflows becomes infinite, and is refused as such
        return array.reshape(shape).astype(dtype)


def _check_leaves(data: list[Any]) -> None:
    """Raise `InputError` if there is anything but numbers in lists in lists."""
    leaves, depth = data, 1
    try:
        while leaves and type(leaves[0]) is list and depth < MAX_DIMENSIONS:
            leaves, depth = list(chain.from_iterable(leaves)), depth + 1
    except TypeError as error:
        raise InputError("data must be a rectangular array of numbers; its lists differ in depth.") from error
    if others := set(map(type, leaves)) - {int, float}:
        raise InputError(f"data must be numbers; received {', '.join(sorted(kind.__name__ for kind in others))}.")


def _check_whole(array: np.ndarray, datatype: str) -> None:
    limits = np.iinfo(DATATYPES[datatype].type)
    if array.dtype.kind == "f" or array.min() < limits.min or array.max() > limits.max:
        raise InputError(f"{datatype} holds whole numbers from {limits.min} to {limits.max}; the data are others.")
