import numpy as np
import pytest
import yaml
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import DataType, ModelConfig

import ld_data
import vae
import vae.__main__ as vae_main
from tests.support.command_lines import run, run_json
from vae.runtime.onnx_network import Network
from vae.triton import MAX_ROWS, make_models

NAME = "ld-mnist1d-32"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def codec():
    return vae.load(NAME)


@pytest.fixture
def repository(tmp_path, capsys):
    made = run_json(capsys, vae_main.main, "export-triton", NAME, "--out", tmp_path / "repository")
    assert made["models"] == [f"{NAME}.{part}" for part in ("x.encoder", "x.decoder", "y.decoder")]
    return tmp_path / "repository"


def test_the_configuration_is_that_of_the_networks(repository):
    for folder in repository.glob(f"{NAME}.*"):
        config = text_format.Parse((folder / "config.pbtxt").read_text(), ModelConfig())
        assert (config.name, config.backend, config.max_batch_size) == (folder.name, "onnxruntime", MAX_ROWS)
        assert config.HasField("dynamic_batching")
        network = Network(folder / "1" / "model.onnx")
        assert {own.name: tuple(own.dims) for own in config.input} == network.inputs
        outputs = {own.name: tuple(own.dims)[own.HasField("reshape") :] for own in config.output}
        assert outputs == {own.name: tuple(own.shape[1:]) for own in network._session.get_outputs()}
        assert {own.data_type for own in (*config.input, *config.output)} == {DataType.TYPE_FP32}
        for output in config.output:
            if output.label_filename:
                assert (folder / output.label_filename).read_text().split() == [str(label) for label in range(10)]


def test_the_networks_answer_as_the_codec(repository, codec):
    data = ld_data.load(NAME).test.take(20)
    network = {part: Network(repository / f"{NAME}.{part}" / "1" / "model.onnx") for part in ("x.encoder", "x.decoder")}
    signals = codec.x.decode(data.x)
    assert np.array_equal(network["x.decoder"].run(data.x)[0], signals)
    noise = codec.x.prepare_encoding(signals, "sample", 5, 3)[1]
    vectors, rates = network["x.encoder"].run(signals, noise)
    assert np.array_equal(vectors, codec.x.encode(signals, seed=5, first_row=3))
    assert rates.shape == (20,)
    decoder = Network(repository / f"{NAME}.y.decoder" / "1" / "model.onnx")
    assert np.array_equal(decoder.run(data.y)[0], codec.y.decode(data.y))


def test_the_text_for_kserve_names_its_parts(repository):
    service = yaml.safe_load((repository / "inference-service.yaml").read_text())
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"] == {"name": "triton", "version": "2"}
    assert set(model) == {"modelFormat", "runtime", "protocolVersion", "storageUri"}
    assert f"| `{NAME}.x.encoder` | inputs (n, 40), noise (n, 32) |" in (repository / "README.md").read_text()


def test_a_folder_with_files_is_refused(repository, capsys):
    assert run(vae_main.main, "export-triton", NAME, "--out", repository) == 1
    assert "repository" in capsys.readouterr().err


def test_trained_classes_have_an_encoder(codec):
    class Gaussians:  # any VAE of vectors will do
        classes, vae = 40, codec.x.vae

    models = make_models(type("Codec", (), {"x": codec.x, "y": Gaussians}), NAME)
    assert [model.name.removeprefix(f"{NAME}.") for model in models] == [
        "x.encoder",
        "x.decoder",
        "y.encoder",
        "y.decoder",
    ]
    assert Network(models[2].onnx).inputs == {"inputs": (40,), "noise": (32,)}
    assert [model.labels for model in models] == ["", "", "", "probabilities"]
