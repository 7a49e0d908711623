"""The Open Inference Protocol: requests that it allows, and the messages for all others."""

import asyncio
import json

import numpy as np
import pytest

from api.messages.inference import BINARY, HEADER_LENGTH, Model, describe_tensor, read_question
from api.releases.operations import Draw, make_operations
from ld_data.errors import InputError
from tests.support.fakes import FakeCodec

OPERATIONS = make_operations(FakeCodec())
DECODER = Model("fake-4.x.decoder", "1.0.0", OPERATIONS["x/decode"])
ENCODER = Model("fake-4.y.encoder", "1.0.0", OPERATIONS["y/encode"])
CLASSIFIER = Model("fake-4.y.decoder", "1.0.0", OPERATIONS["y/decode"])
VALUES = np.arange(8, dtype=np.float32).reshape(2, 4)
GOOD = {"name": "vectors", "shape": [2, 4], "datatype": "FP32", "data": VALUES.tolist()}
BYTES = {"name": "vectors", "shape": [2, 4], "datatype": "FP32", "parameters": {"binary_data_size": 32}}
LABELS = {"name": "labels", "shape": [3], "datatype": "INT64", "data": [2, 0, 1]}


def read(model=DECODER, content=b"", header_length=None, **request):
    header = json.dumps(request).encode()
    return read_question(
        model, str(len(header)) if header_length is None and content else header_length, header + content
    )


def refuse(*words, **request):
    with pytest.raises(InputError) as caught:
        read(**request)
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert len(str(caught.value)) < 1000


def changed(given, **values):
    return {"inputs": [{name: value for name, value in {**given, **values}.items() if value is not ...}]}


@pytest.mark.parametrize("data", [VALUES.tolist(), VALUES.ravel().tolist()])
def test_data_are_nested_or_flat(data):
    question = read(inputs=[{**GOOD, "data": data}])
    assert np.array_equal(question.array, VALUES)
    assert question.array.dtype == np.float32
    assert question.draw == Draw()


@pytest.mark.parametrize("name", ["FP16", "FP32", "FP64", "UINT8", "INT16", "INT64"])
def test_bytes_are_read_as_their_datatype(name):
    dtype = {"FP16": "<f2", "FP32": "<f4", "FP64": "<f8", "UINT8": "u1", "INT16": "<i2", "INT64": "<i8"}[name]
    content = VALUES.astype(dtype).tobytes()
    parameters = {"binary_data_size": len(content)}
    question = read(**changed(BYTES, datatype=name, parameters=parameters), content=content)
    assert np.array_equal(question.array, VALUES)
    assert question.array.dtype == np.dtype(dtype)


def test_null_counts_as_left_out():
    question = read(id=None, parameters=None, outputs=None, inputs=[{**GOOD, "parameters": None}])
    assert np.array_equal(question.array, VALUES)


def test_parameters_of_common_clients_mean_nothing_here():
    parameters = {"timeout": 1_000_000, "priority": 1, "content_type": "np", "headers": {"a": "b"}}
    sequence = {"sequence_start": True, "sequence_end": False}
    tensor = {**GOOD, "parameters": {"content_type": "np"}}
    outputs = [{"name": "inputs", "parameters": {"content_type": "np", "binary_data": False}}]
    for sequence_id in (5, "five"):
        asked = parameters | sequence | {"sequence_id": sequence_id}
        question = read(inputs=[tensor], outputs=outputs, parameters=asked)
        assert np.array_equal(question.array, VALUES)
        assert question.draw == Draw()
    for name, value in {"timeout": "1", "priority": 0.5, "sequence_id": [], "headers": 1, "sequence_end": 1}.items():
        refuse(f"parameters.{name}", inputs=[GOOD], parameters={name: value})


def test_an_encoder_takes_a_draw():
    question = read(ENCODER, inputs=[LABELS], parameters={"mode": "mean", "seed": 2**63 - 1, "first_row": 2**40})
    assert question.draw == Draw("mean", 2**63 - 1, 2**40)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"mode": "median"}, ["sample, mean", "median"]),
        ({"mode": 1}, ["mode", "a text"]),
        ({"seed": -1}, ["seed", "from 0"]),
        ({"seed": 1.5}, ["seed", "whole number"]),
        ({"seed": "1"}, ["seed", "whole number"]),
        ({"seed": True}, ["seed", "whole number"]),
        ({"seed": 2**63}, ["seed"]),
        ({"first_row": 2**40 + 1}, ["first_row"]),
        ({"binary_data_output": 1}, ["binary_data_output", "true or false"]),
        ({"seeds": 1}, ["seeds", "first_row", "mode", "seed"]),
        ([1], ["parameters", "an object"]),
    ],
)
def test_bad_parameters_are_refused(parameters, words):
    refuse(*words, model=ENCODER, inputs=[LABELS], parameters=parameters)


@pytest.mark.parametrize("parameters", [{"mode": "mean"}, {"seed": 0}, {"first_row": 0}])
def test_a_decoder_draws_nothing(parameters):
    refuse(next(iter(parameters)), "binary_data_output", inputs=[GOOD], parameters=parameters)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, ["lacks inputs"]),
        ({"inputs": []}, ["one input", "received 0"]),
        ({"inputs": [GOOD, GOOD]}, ["one input", "received 2"]),
        ({"inputs": GOOD}, ["inputs", "an array"]),
        ({"inputs": [3]}, ["must be an object", "int"]),
        ({"inputs": [GOOD], "id": 7}, ["id", "a text"]),
        ({"inputs": [GOOD], "model_name": "other"}, ["model_name", "fake-4.x.decoder"]),
        ({"inputs": [GOOD], "shape": [1]}, ["unknown field shape", "inputs, model_name"]),
        (changed(GOOD, name="labels"), ["expected the input vectors", "labels"]),
        (changed(GOOD, name="x" * 5000), ["expected the input vectors"]),
        (changed(GOOD, name=...), ["lacks name"]),
        (changed(GOOD, shape=...), ["lacks shape"]),
        (changed(GOOD, datatype=...), ["lacks datatype"]),
        (changed(GOOD, data=...), ["either data or"]),
        (changed(GOOD, parameters={"binary_data_size": 32}), ["either data or"]),
        (changed(GOOD, parameters={"shared_memory_region": "a"}), ["shared_memory_region", "binary_data_size"]),
        (changed(GOOD, strides=[1]), ["unknown field strides"]),
        (changed(GOOD, datatype="BF16"), ["FP32", "received BF16"]),
        (changed(GOOD, datatype="BYTES"), ["FP32", "received BYTES"]),
        (changed(GOOD, datatype="BOOL"), ["FP32", "received BOOL"]),
        (changed(GOOD, datatype="fp32"), ["FP32", "received fp32"]),
        (changed(GOOD, shape=[4, 2]), ["[4, 2]", "[2, 4]"]),
        (changed(GOOD, shape=[2, 5]), ["[2, 5]", "[2, 4]"]),
        (changed(GOOD, shape=[2, -4]), ["1 or more", "-4"]),
        (changed(GOOD, shape=[0, 4], data=[]), ["1 or more", "0"]),
        (changed(GOOD, shape=[2.0, 4]), ["whole numbers"]),
        (changed(GOOD, shape=[True, 4]), ["whole numbers"]),
        (changed(GOOD, shape=["2", 4]), ["whole numbers"]),
        (changed(GOOD, shape=[1] * 9), ["at most 8"]),
        (changed(GOOD, shape=["a" * 5000]), ["whole numbers"]),
        (changed(GOOD, shape=[2**62, 2**62]), ["shape"]),
        (changed(GOOD, data=[[1, 2, 3, 4], [5, 6, 7]]), ["rectangular"]),
        (changed(GOOD, data=[[1, 2, 3, 4], 5]), ["rectangular"]),
        (changed(GOOD, data=[1, [2, 3, 4]]), ["numbers", "list"]),
        (changed(GOOD, data=["1"] * 8), ["numbers", "str"]),
        (changed(GOOD, data=[[1, 2, 3, 4], "5678"]), ["numbers", "str"]),
        (changed(GOOD, data=[1, 2, 3, 4, 5, 6, 7, None]), ["numbers", "NoneType"]),
        (changed(GOOD, data=[1, 2, 3, 4, 5, 6, 7, True]), ["numbers", "bool"]),
        (changed(GOOD, data=[{"a": 1}]), ["numbers", "dict"]),
        (changed(GOOD, data=3), ["data", "an array"]),
        (changed(GOOD, data=[]), ["[0]"]),
        (changed(GOOD, datatype="UINT8", data=[[1, 2, 3, 256], [1, 2, 3, 4]]), ["UINT8", "0 to 255"]),
        (changed(GOOD, datatype="INT8", data=[[1, 2, 3, -129], [1, 2, 3, 4]]), ["INT8", "-128 to 127"]),
        (changed(GOOD, datatype="INT64", data=[[1, 2, 3, 0.5], [1, 2, 3, 4]]), ["INT64", "whole"]),
    ],
)
def test_requests_that_break_the_protocol_are_refused(request_, words):
    refuse(*words, **request_)


@pytest.mark.parametrize(
    ("given", "content", "words"),
    [
        (changed(BYTES), bytes(31), ["takes 32 bytes", "31 come"]),
        (changed(BYTES), bytes(33), ["takes 32 bytes", "33 come"]),
        (changed(BYTES, parameters={"binary_data_size": 31}), bytes(32), ["takes 32", "says 31"]),
        (changed(BYTES, parameters={"binary_data_size": -32}), bytes(32), ["says -32"]),
        (changed(BYTES, parameters={"binary_data_size": "32"}), bytes(32), ["binary_data_size", "whole number"]),
        (changed(BYTES, datatype="FP64"), bytes(32), ["takes 64 bytes"]),
        (changed(BYTES, shape=[2**40, 4]), bytes(32), [f"takes {2**44} bytes"]),
        (changed(BYTES, shape=[2**62] * 8), bytes(32), ["takes"]),
        (changed(GOOD), bytes(32), ["32 bytes come after", "data"]),
    ],
)
def test_wrong_sizes_are_refused(given, content, words):
    refuse(*words, content=content, **given)


@pytest.mark.parametrize("text", ["", "-1", "1e3", "²", "x" * 5000, "9" * 5000, "100000", "+5"])
def test_an_impossible_length_of_the_json_is_refused(text):
    refuse(HEADER_LENGTH, header_length=text, content=bytes(32), **changed(BYTES))


@pytest.mark.parametrize("text", ["0", "5"])
def test_a_length_that_cuts_the_json_is_refused(text):
    refuse("not JSON", header_length=text, content=bytes(32), **changed(BYTES))


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ([{"name": "vectors"}], ["labels, probabilities", "vectors"]),
        ([{"name": "labels"}, {"name": "labels"}], ["once", "labels"]),
        ([{}], ["lacks name"]),
        (["labels"], ["an object"]),
        ([{"name": "labels", "data": []}], ["unknown field data"]),
        ([{"name": "labels", "parameters": {"classification": 3}}], ["classification", "binary_data"]),
        ([{"name": "labels", "parameters": {"binary_data": "yes"}}], ["binary_data", "true or false"]),
        ({"name": "labels"}, ["outputs", "an array"]),
    ],
)
def test_unknown_outputs_are_refused(outputs, words):
    refuse(*words, model=CLASSIFIER, inputs=[GOOD], outputs=outputs)


def test_depth_is_bounded():
    data = 1
    for _ in range(500):
        data = [data]
    refuse("data", **changed(GOOD, data=data))


@pytest.mark.parametrize("is_binary", [True, False])
def test_parts_make_the_same_answer_as_the_whole(is_binary):
    reply = read(inputs=[GOOD], id="7", parameters={"binary_data_output": is_binary}).reply
    rows = np.random.default_rng(0).normal(size=(120, 2, 2)).astype(np.float32)

    async def cut():
        for start in range(3, len(rows), 50):
            yield rows[start : start + 50]

    async def fill():
        frame = reply.frame(DECODER.operation, rows[:3], len(rows))
        return frame, b"".join([chunk async for chunk in frame.fill(rows[:3], cut())])

    frame, content = asyncio.run(fill())
    whole = reply.write(DECODER.operation, rows)
    assert content == whole.body
    assert frame.media_type == whole.media_type == (BINARY if is_binary else "application/json")
    assert frame.headers.get(HEADER_LENGTH) == whole.headers.get(HEADER_LENGTH)
    assert frame.headers.get("Content-Length", str(len(content))) == whole.headers["content-length"]


def test_tensors_are_described_with_any_number_of_rows():
    assert describe_tensor(DECODER.operation.gives).model_dump() == {
        "name": "inputs",
        "datatype": "FP32",
        "shape": [-1, 2, 2],
    }
