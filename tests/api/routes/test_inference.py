"""The Open Inference Protocol v2, through Triton's own client."""

import shutil

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from tritonclient import http
from tritonclient.utils import InferenceServerException

import ld_data
from api.app import make_app
from api.releases.catalogue import Catalogue
from api.work.batching import CHUNK_ROWS
from tests.support.fakes import FakeCodec, make_source
from tests.support.servers import serve
from tests.support.service import BASE, LIMITS, assert_error

CODEC = FakeCodec()
VECTORS = np.random.default_rng(0).normal(size=(CHUNK_ROWS + 5, 4)).astype(np.float32)
DECODER = "fake-4.x.decoder"
INFER = f"/v2/models/{DECODER}/infer"


@pytest.fixture
def app(catalogue, store):
    return make_app(catalogue, store, LIMITS)


@pytest.fixture
def client(app):
    """A plain client, for requests that Triton's client cannot send."""
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def triton(app):
    """Triton's client, connected to a server of the small release."""
    with serve(app) as address, http.InferenceServerClient(address.removeprefix("http://")) as client:
        yield client


def make_input(name, array, datatype, **options):
    given = http.InferInput(name, list(array.shape), datatype)
    return given.set_data_from_numpy(array, **options)


class TestMetadata:
    def test_the_server_is_live_and_ready_and_has_metadata(self, triton):
        assert triton.is_server_live()
        assert triton.is_server_ready()
        metadata = triton.get_server_metadata()
        assert metadata["version"] == ld_data.__version__
        assert "binary_tensor_data" in metadata["extensions"]

    def test_readiness_names_its_value(self, client):
        assert client.get("/v2/health/live").json() == {"live": True}
        assert client.get("/v2/health/ready").json() == {"ready": True}
        answer = client.get(f"/v2/models/{DECODER}/versions/1.0.0/ready")
        assert answer.json() == {"name": DECODER, "ready": True}

    @pytest.mark.parametrize("end", ["x.encoder", "x.decoder", "y.encoder", "y.decoder"])
    def test_every_encoder_and_decoder_is_a_model(self, triton, end):
        assert triton.is_model_ready(f"fake-4.{end}")
        assert triton.is_model_ready(f"fake-4.{end}", "1.0.0")
        assert not triton.is_model_ready(f"fake-4.{end}", "2.0.0")
        metadata = triton.get_model_metadata(f"fake-4.{end}")
        assert metadata == triton.get_model_metadata(f"fake-4.{end}", "1.0.0")
        assert metadata["versions"] == ["1.0.0"]
        assert (len(metadata["inputs"]), metadata["name"]) == (1, f"fake-4.{end}")

    def test_metadata_have_names_types_and_shapes(self, triton):
        images = {"name": "inputs", "datatype": "FP32", "shape": [-1, 2, 2]}
        vectors = {"name": "vectors", "datatype": "FP32", "shape": [-1, 4]}
        labels = {"name": "labels", "datatype": "INT64", "shape": [-1]}
        probabilities = {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]}
        for end, inputs, outputs in (
            ("x.encoder", [images], [vectors]),
            ("x.decoder", [vectors], [images]),
            ("y.encoder", [labels], [vectors]),
            ("y.decoder", [vectors], [labels, probabilities]),
        ):
            metadata = triton.get_model_metadata(f"fake-4.{end}")
            assert (metadata["inputs"], metadata["outputs"]) == (inputs, outputs)

    def test_the_configuration_says_the_same_in_triton_s_form(self, triton):
        config = triton.get_model_config("fake-4.y.decoder")
        assert config == triton.get_model_config("fake-4.y.decoder", "1.0.0")
        assert (config["name"], config["max_batch_size"]) == ("fake-4.y.decoder", 0)
        assert config["input"] == [{"name": "vectors", "data_type": "TYPE_FP32", "dims": [-1, 4]}]
        assert [tensor["data_type"] for tensor in config["output"]] == ["TYPE_INT64", "TYPE_FP32"]

    def test_statistics_count_requests_and_rows(self, triton, client):
        def find(name=DECODER, version=""):
            return triton.get_inference_statistics(name, version)["model_stats"]

        assert [model["inference_count"] for model in find("")] == [0] * 4
        triton.infer(
            DECODER, [make_input("vectors", VECTORS[:3], "FP32")], timeout=5_000_000, priority=1, sequence_id=7
        )
        with pytest.raises(InferenceServerException):
            triton.infer(DECODER, [make_input("vectors", VECTORS[:3], "FP32")], parameters={"seeed": 1})
        (model,) = find()
        assert (model["name"], model["version"], model["inference_count"]) == (DECODER, "1.0.0", 3)
        assert model["last_inference"] > 1.7e12
        counts = {name: duration["count"] for name, duration in model["inference_stats"].items()}
        assert counts == {"success": 1, "fail": 1}
        assert all(duration["ns"] > 0 for duration in model["inference_stats"].values())
        assert find(version="1.0.0") == [model]
        assert_error(client.get(f"/v2/models/{DECODER}/versions/7/stats"), 404, "unknown_name")

    def test_the_index_lists_the_models(self, triton):
        index = triton.get_model_repository_index()
        assert {(model["name"], model["version"], model["state"]) for model in index} == {
            (f"fake-4.{end}", "1.0.0", "READY") for end in ("x.encoder", "x.decoder", "y.encoder", "y.decoder")
        }

    def test_a_failed_release_is_reported(self, release, store):
        shutil.copytree(release, release.parent / "broken-4")
        (release.parent / "broken-4" / "data.npz").write_bytes(b"")
        with Catalogue() as catalogue:
            catalogue.add_all(release.parent, lambda folder: FakeCodec())
            client = TestClient(make_app(catalogue, store))
            assert_error(client.get("/v2/health/ready"), 503, "not_ready", "broken-4", "data.npz")
            assert_error(client.get("/v2/models/broken-4.x.decoder/ready"), 503, "not_ready", "data.npz")
            assert client.get(f"/v2/models/{DECODER}/ready").status_code == 200
            everything = client.post("/v2/repository/index").json()
            ready = client.post("/v2/repository/index", json={"ready": True}).json()
            assert {model["state"] for model in everything} == {"READY", "UNAVAILABLE"}
            assert [model for model in everything if model["state"] == "READY"] == ready
            assert_error(client.post("/v2/repository/index", json={"ready": 1}), 422, "invalid_input", "ready")

    @pytest.mark.parametrize("name", ["fake-4", "fake-4.z.decoder", "nope.x.decoder", "fake-4.x.decode", ".x.decoder"])
    def test_unknown_models_are_404_with_the_known_version(self, client, name):
        for answer in (
            client.get(f"/v2/models/{name}"),
            client.get(f"/v2/models/{name}/ready"),
            client.post(f"/v2/models/{name}/infer", json={}),
            client.post(f"/v2/models/{name}/versions/1.0.0/infer", json={}),
        ):
            assert_error(answer, 404, "unknown_name", "no ")
        answer = client.get(f"/v2/models/{DECODER}/versions/7")
        assert_error(answer, 404, "unknown_name", "'7'", "1.0.0")


class TestInference:
    @pytest.mark.parametrize("binary_in", [True, False])
    @pytest.mark.parametrize("binary_out", [True, False, None])
    @pytest.mark.parametrize("rows", [1, len(VECTORS)])
    def test_a_decoder_answers_json_or_bytes_on_request(self, triton, binary_in, binary_out, rows):
        given = make_input("vectors", VECTORS[:rows], "FP32", binary_data=binary_in)
        asked = None if binary_out is None else [http.InferRequestedOutput("inputs", binary_data=binary_out)]
        result = triton.infer(DECODER, [given], outputs=asked, request_id="a 7")
        assert np.array_equal(result.as_numpy("inputs"), CODEC.x.decode(VECTORS[:rows]))
        answer = result.get_response()
        assert (answer["model_name"], answer["model_version"], answer["id"]) == (DECODER, "1.0.0", "a 7")
        assert ("data" in result.get_output("inputs")) == (binary_out is False)

    @pytest.mark.parametrize("version", ["", "1.0.0"])
    def test_an_encoder_uses_mode_seed_and_first_row(self, triton, version):
        inputs = make_source().inputs_test[:3]
        given = make_input("inputs", inputs, "FP32")
        for parameters in (None, {"mode": "mean"}, {"seed": 3}, {"mode": "sample", "seed": 2, "first_row": 7}):
            result = triton.infer("fake-4.x.encoder", [given], model_version=version, parameters=parameters)
            assert np.array_equal(result.as_numpy("vectors"), CODEC.x.encode(inputs, **(parameters or {})))

    @pytest.mark.parametrize("binary", [True, False])
    @pytest.mark.parametrize(
        ("dtype", "datatype"), [("i1", "INT8"), ("i4", "INT32"), ("i8", "INT64"), ("u1", "UINT8"), ("u8", "UINT64")]
    )
    def test_labels_of_any_whole_number_are_encoded(self, triton, dtype, datatype, binary):
        labels = np.array([2, 0, 1], dtype)
        result = triton.infer("fake-4.y.encoder", [make_input("labels", labels, datatype, binary_data=binary)])
        assert np.array_equal(result.as_numpy("vectors"), CODEC.y.encode(labels))

    @pytest.mark.parametrize("binary", [True, False])
    @pytest.mark.parametrize(("dtype", "datatype"), [("f2", "FP16"), ("f8", "FP64"), ("i2", "INT16"), ("u2", "UINT16")])
    def test_vectors_of_any_number_are_decoded(self, triton, dtype, datatype, binary):
        vectors = np.abs(VECTORS[:3] * 8).astype(dtype)
        result = triton.infer(DECODER, [make_input("vectors", vectors, datatype, binary_data=binary)])
        assert np.array_equal(result.as_numpy("inputs"), CODEC.x.decode(vectors))

    @pytest.mark.parametrize("rows", [2, len(VECTORS)])
    def test_outputs_are_chosen_by_name_each_as_json_or_bytes(self, triton, rows):
        given = [make_input("vectors", VECTORS[:rows], "FP32")]
        expected = CODEC.y.decode(VECTORS[:rows])
        both = triton.infer("fake-4.y.decoder", given)
        asked = [http.InferRequestedOutput("probabilities"), http.InferRequestedOutput("labels", binary_data=False)]
        mixed = triton.infer("fake-4.y.decoder", given, outputs=asked)
        for result in (both, mixed):
            assert np.array_equal(result.as_numpy("labels"), expected.argmax(axis=1))
            assert np.array_equal(result.as_numpy("probabilities"), expected)
        assert [output["name"] for output in mixed.get_response()["outputs"]] == ["probabilities", "labels"]
        only = triton.infer("fake-4.y.decoder", given, outputs=asked[1:])
        assert only.as_numpy("probabilities") is None

    @pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
    def test_compressed_requests_are_answered(self, triton, algorithm):
        compression = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
        result = triton.infer(DECODER, [make_input("vectors", VECTORS, "FP32")], **compression)
        assert np.array_equal(result.as_numpy("inputs"), CODEC.x.decode(VECTORS))

    def test_requests_at_the_same_time_get_their_own_answers(self, app):
        with serve(app) as address:
            client = http.InferenceServerClient(address.removeprefix("http://"), concurrency=4)
            waiting = [
                client.async_infer(DECODER, [make_input("vectors", VECTORS[i : i + 1], "FP32")]) for i in range(20)
            ]
            for i, answer in enumerate(waiting):
                assert np.array_equal(answer.get_result().as_numpy("inputs"), CODEC.x.decode(VECTORS[i : i + 1]))
            client.close()

    def test_an_error_has_a_message(self, triton):
        with pytest.raises(InferenceServerException, match=r"must have shape \(n, 4\)") as caught:
            triton.infer(DECODER, [make_input("vectors", np.ones((1, 3), np.float32), "FP32")])
        assert caught.value.status() == "422"
        with pytest.raises(InferenceServerException, match="finite"):
            triton.infer(DECODER, [make_input("vectors", np.full((1, 4), np.nan, np.float32), "FP32")])
        for parameters in ({"seed": 1}, {"temperature": 1}):
            with pytest.raises(InferenceServerException, match=f"unknown field {next(iter(parameters))}"):
                triton.infer(DECODER, [make_input("vectors", VECTORS, "FP32")], parameters=parameters)

    def test_limits_are_those_of_other_routes(self, client):
        given = {"name": "vectors", "shape": [201, 4], "datatype": "FP32", "data": [0] * 804}
        assert_error(client.post(INFER, json={"inputs": [given]}), 413, "too_large", "at most 200 rows", "201")
        assert_error(client.post(INFER, content=b"0" * 20_001), 413, "too_large", "20000 bytes")
        assert_error(
            client.post(INFER, content=b"0", headers={"Content-Type": "text/csv"}), 415, "unsupported_media_type"
        )

    def test_overload_is_429_in_both_protocols(self, client):
        with client.app.state.worker.admission.rows.hold(LIMITS.max_waiting_rows):
            for path in (INFER, f"{BASE}/x/decode"):
                answer = client.post(path, json={})
                assert_error(answer, 429, "overloaded", f"{LIMITS.max_waiting_rows} rows wait")
                assert answer.headers["retry-after"] == "1"

    def test_garbage_does_not_harm_the_next_request(self, app):
        with serve(app) as address:
            for content in (b"\x00" * 100, b'{"inputs": [', b"[" * 3000):
                assert httpx2.post(f"{address}{INFER}", content=content).status_code == 422
            given = {"name": "vectors", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}
            answer = httpx2.post(f"{address}{INFER}", json={"inputs": [given]}).json()
            assert answer["outputs"] == [
                {"name": "inputs", "datatype": "FP32", "shape": [1, 2, 2], "data": [1, 2, 3, 4]}
            ]
