import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

from ld_data.errors import InputError, IntegrityError
from tests.support.paths import ROOT
from vae.config import VaeConfig
from vae.runtime import onnx_network as network
from vae.runtime.onnx_network import FrozenVae, Network


def make_network(**inputs):
    """A network that doubles its first input, and returns it and the last one."""
    names = list(inputs)
    arguments = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape]) for name, shape in inputs.items()
    ]
    shapes = {"double": inputs[names[0]], "last": inputs[names[-1]]}
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape]) for name, shape in shapes.items()]
    nodes = [
        helper.make_node("Add", [names[0], names[0]], ["double"]),
        helper.make_node("Identity", [names[-1]], ["last"]),
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "doubling", arguments, results), opset_imports=[helper.make_opsetid("", 15)]
    )
    model.ir_version = 8
    return Network(model.SerializeToString())


def test_copies_are_the_same_and_another_process_gets_an_equal_one():
    doubling, rows = make_network(a=(2,)), np.ones((3, 2), np.float32)
    assert copy.deepcopy(doubling) is doubling
    sent = pickle.loads(pickle.dumps(doubling))  # noqa: S301
    assert np.array_equal(sent.run(rows)[0], 2 * rows)
    assert sent.model == doubling.model


@pytest.mark.parametrize("rows", [1, 4, 5, 11])
def test_outputs_come_in_order_for_any_number_of_rows(rows, monkeypatch):
    monkeypatch.setattr(network, "CHUNK_ROWS", 4)
    a = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    b = -np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
    double, last = make_network(a=(2,), b=(3,)).run(a, b)
    assert np.array_equal(double, 2 * a)
    assert np.array_equal(last, b)


def test_it_tells_the_shapes_of_its_inputs():
    assert make_network(a=(2, 3), b=(3,)).inputs == {"a": (2, 3), "b": (3,)}


@pytest.mark.parametrize("model", [b"", b"no model", make_network(a=(2,)).model[:-9]])
def test_bytes_that_are_no_model_are_refused(model):
    with pytest.raises(IntegrityError, match="expected an ONNX model"):
        Network(model)


def test_networks_of_other_shapes_make_no_vae():
    config = VaeConfig(input_shape=(3, 3), latent_dim=2)
    encoder, decoder = make_network(inputs=(3, 3), noise=(2,)), make_network(latents=(2,))
    assert FrozenVae(config, encoder, decoder).config == config
    for wrong in ((encoder, encoder), (decoder, decoder), (make_network(inputs=(3, 3), noise=(3,)), decoder)):
        with pytest.raises(InputError, match=r"expected an encoder and a decoder of .*\(3, 3\)"):
            FrozenVae(config, *wrong)


def test_a_network_of_a_file_is_that_of_its_bytes(tmp_path):
    network = make_network(a=(2,))
    path = tmp_path / "model.onnx"
    path.write_bytes(network.model)
    again = Network(path)
    assert again.model == network.model
    assert again.inputs == network.inputs


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_file_that_is_no_model_is_told(tmp_path, content):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IntegrityError, match="expected an ONNX model"):
        Network(path)


@pytest.mark.slow
def test_the_runtime_reports_to_nobody(tmp_path):
    """It would keep an identity in the user's cache, and tell its makers of its use."""
    script = "import vae; vae.load('ld-mnist1d-32')"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**environment, "HOME": str(tmp_path)}, check=True)
    assert not list(tmp_path.rglob("*onnxruntime*"))
