import json
from functools import cache

import numpy as np
import pytest

import vae
from ld_data.errors import InputError, IntegrityError, UnknownNameError
from ld_data.release.folder import verify
from ld_data.release.manifest import MANIFEST_NAME, FileRecord
from tests.support.fakes import build_release, make_plan, make_source
from vae.codec import Codec
from vae.config import VaeConfig
from vae.model.vae import Vae
from vae.preset import PRESET_NAME, Preset
from vae.recipes import CLASSES as CLASS_VAE
from vae.runtime.cell_solver import make_cells
from vae.runtime.input_codec import InputCodec, prepare_inputs
from vae.training.onnx_export import freeze, freeze_classes

pytestmark = pytest.mark.slow

SIGNAL = VaeConfig(input_shape=(2, 2), latent_dim=4, encoder_filters=(4,), decoder_units=(8,), likelihood="gaussian")
IMAGE = VaeConfig(input_shape=(28, 28), latent_dim=4, encoder_filters=(4,), decoder_units=(8,))
CLASSES = VaeConfig(**{**CLASS_VAE.to_json(), "input_shape": (3,), "latent_dim": 4})


@cache
def make_codec(kind):
    y = make_cells(np.ones(3), 4) if kind == "cells" else freeze_classes(Vae(CLASSES), np.full(3, 1 / 3))
    return Codec(InputCodec(freeze(Vae(SIGNAL))), y)


@pytest.fixture(params=["cells", "gaussian"])
def kind(request):
    return request.param


@pytest.fixture
def built(kind, checkpoints):
    return build_release(make_source(), make_codec(kind), make_plan(), checkpoints)


def test_a_saved_codec_encodes_and_decodes_as_before(kind, built):
    before, after = make_codec(kind), vae.load("fake-4")
    source = make_source()
    for mode in ("sample", "mean"):
        x = before.x.encode(source.inputs_test, mode=mode, seed=1)
        y = before.y.encode(source.label_test, mode=mode, seed=1)
        assert np.array_equal(after.x.encode(source.inputs_test, mode=mode, seed=1), x)
        assert np.array_equal(after.y.encode(source.label_test, mode=mode, seed=1), y)
        assert np.array_equal(after.x.decode(x), before.x.decode(x))
        assert np.array_equal(after.y.decode(y), before.y.decode(y))
    assert (after.y.null, after.y.floor) == (before.y.null, before.y.floor)


def test_a_codec_is_shown_by_its_sizes(kind):
    classes = "Cells" if kind == "cells" else "GaussianClasses"
    assert repr(make_codec(kind)) == f"<Codec: x <InputCodec: inputs (2, 2), d = 4>, y <{classes}: 3 classes, d = 4>>"


def test_a_loaded_codec_redraws_the_dataset(built):
    import ld_data

    data, codec, source = ld_data.load("fake-4"), vae.load("fake-4"), make_source()
    assert np.array_equal(codec.y.encode(source.label_train, seed=0), data.train.y)
    assert codec.x.encode(source.inputs_test, seed=0, first_row=60) == pytest.approx(data.test.x, abs=1e-5)


def test_files_hold_no_pickle_and_are_reproducible(kind, built, tmp_path):
    again = build_release(make_source(), make_codec(kind), make_plan(), tmp_path)
    for path in built.iterdir():
        assert path.suffix in {".json", ".npz", ".onnx"}
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_altered_weights_are_refused_before_they_are_read(built):
    path = built / "x.decoder.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"x\.decoder\.onnx was altered"):
        vae.load("fake-4")


@pytest.fixture
def preset(tmp_path):
    return make_codec("cells").save_to_preset(tmp_path / "preset")


def describe_again(folder):
    """Write the preset again for the files as they are now."""
    (folder / PRESET_NAME).unlink()
    records = {path.name: FileRecord.of(path) for path in folder.iterdir()}
    (folder / PRESET_NAME).write_text(Preset("InputCodec", "Cells", records).to_json())


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format_version": 1}', '{"format_version": 5, "x": {"a": 1}}'])
def test_another_text_than_a_configuration_is_refused(preset, text):
    (preset / "model.json").write_text(text)
    describe_again(preset)
    with pytest.raises(IntegrityError, match="could not load its models"):
        vae.load(preset)


def test_networks_of_another_shape_are_refused(preset):
    config = json.loads((preset / "model.json").read_text())
    config["x"]["latent_dim"] = 5
    (preset / "model.json").write_text(json.dumps(config))
    describe_again(preset)
    with pytest.raises(IntegrityError, match="could not load its models"):
        vae.load(preset)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08"])
def test_a_network_that_is_none_is_refused(preset, content):
    (preset / "x.encoder.onnx").write_bytes(content)
    describe_again(preset)
    with pytest.raises(IntegrityError, match="could not load its models"):
        vae.load(preset)


def test_a_preset_of_either_kind_encodes_and_decodes_as_before(kind, tmp_path):
    before = make_codec(kind)
    after = vae.load(before.save_to_preset(tmp_path / "preset"))
    source = make_source()
    x, y = before.x.encode(source.inputs_test, seed=1), before.y.encode(source.label_test, seed=1)
    assert np.array_equal(after.x.encode(source.inputs_test, seed=1), x)
    assert np.array_equal(after.y.encode(source.label_test, seed=1), y)
    assert np.array_equal(after.x.decode(x), before.x.decode(x))
    assert np.array_equal(after.y.decode(y), before.y.decode(y))


def test_a_preset_that_says_another_y_than_its_models_is_refused(preset):
    text = (preset / PRESET_NAME).read_text()
    (preset / PRESET_NAME).write_text(text.replace('"Cells"', '"GaussianClasses"'))
    with pytest.raises(IntegrityError, match=r"preset\.json says that y is gaussian, and model\.json.*cells"):
        vae.load(preset)


def test_models_that_nothing_vouches_for_are_refused(preset):
    (preset / PRESET_NAME).unlink()
    with pytest.raises(IntegrityError, match=r"neither manifest\.json nor preset\.json.*save_to_preset"):
        vae.load(preset)


@pytest.mark.parametrize("name", ["model.json", "x.decoder.onnx", "cells.npz"])
def test_a_file_that_the_description_leaves_out_is_not_read(preset, built, name):
    for folder, description in ((preset, PRESET_NAME), (built, MANIFEST_NAME)):
        values = json.loads((folder / description).read_text())
        values["files"].pop(name, None)
        (folder / description).write_text(json.dumps(values))
    with pytest.raises(IntegrityError, match=f"{name} is missing, or is not among the verified files"):
        vae.load(preset)
    if name != "cells.npz":  # which a class VAE has none of
        with pytest.raises(IntegrityError, match=f"{name} is missing, or is not among the verified files"):
            vae.load(built)


def test_an_unknown_name_is_refused(checkpoints):
    with pytest.raises(UnknownNameError, match="no release 'nope'"):
        vae.load("nope")


def test_the_release_is_whole(built):
    assert verify("fake-4").name == "fake-4"


class TestInputs:
    vae = Vae(IMAGE)
    codec = InputCodec(freeze(vae))

    def test_uint8_and_unit_floats_are_the_same_image(self):
        image = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
        assert np.array_equal(prepare_inputs(image, IMAGE), prepare_inputs(image.astype(np.float32) / 255, IMAGE))

    @pytest.mark.parametrize("shape", [(2, 28, 28, 1), (2, 1, 28, 28)])
    def test_a_channel_axis_and_a_list_change_nothing(self, shape):
        images = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
        expected = prepare_inputs(images, IMAGE)
        assert np.array_equal(prepare_inputs(images.reshape(shape), IMAGE), expected)
        assert np.array_equal(prepare_inputs(list(images.reshape(shape)), IMAGE), expected)

    def test_black_and_white_is_booleans_or_numbers_but_not_bytes(self):
        ink = np.random.default_rng(0).random((2, 28, 28)) > 0.5
        assert np.array_equal(prepare_inputs(ink, IMAGE), ink.astype(np.float32))
        assert np.array_equal(prepare_inputs(ink.astype(int), IMAGE), ink.astype(np.float32))
        with pytest.raises(InputError, match="Multiply them by 255"):
            prepare_inputs(ink.astype(np.uint8), IMAGE)

    def test_samples_do_not_depend_on_chunks(self, monkeypatch):
        images = np.random.default_rng(0).uniform(size=(50, 28, 28)).astype(np.float32)
        whole = self.codec.encode(images, seed=3)
        monkeypatch.setattr("vae.runtime.onnx_network.CHUNK_ROWS", 7)
        assert np.array_equal(self.codec.encode(images, seed=3), whole)
        assert np.array_equal(self.codec.encode(images[20:30], seed=3, first_row=20), whole[20:30])

    def test_samples_scatter_around_the_mean_as_the_posterior_says(self):
        images = np.repeat(np.random.default_rng(0).uniform(size=(1, 28, 28)), 5000, axis=0)
        mean, samples = self.codec.encode(images[:1], mode="mean"), self.codec.encode(images, seed=0)
        _, log_var = self.vae.encoder(images[:1].astype(np.float32))
        assert samples.mean(axis=0) == pytest.approx(mean[0], abs=0.1)
        assert samples.std(axis=0) == pytest.approx(np.exp(0.5 * np.asarray(log_var)[0]), rel=0.05)

    @pytest.mark.parametrize(
        ("inputs", "reason"),
        [
            (np.zeros((28, 28)), r"shape \(n, 28, 28\)"),
            (np.zeros((0, 28, 28)), "n of 1 or more"),
            (np.zeros((1, 28, 27)), "shape"),
            (np.full((1, 28, 28), 255.0), "Divide by 255"),
            (np.full((1, 28, 28), -0.1), r"in \[0, 1\]"),
            (np.full((1, 28, 28), np.nan), "finite"),
            (np.full((1, 28, 28), "a"), "numbers"),
        ],
    )
    def test_bad_images_are_refused_with_the_reason(self, inputs, reason):
        with pytest.raises(InputError, match=reason):
            self.codec.encode(inputs)

    def test_signals_that_could_overflow_are_refused(self):
        with pytest.raises(InputError, match=r"signals must lie within \+-1e\+06; received 1e\+38"):
            make_codec("cells").x.encode(np.full((1, 2, 2), 1e38, np.float32))

    @pytest.mark.parametrize(
        ("latents", "reason"),
        [
            (np.zeros((1, 3)), "shape"),
            (np.full((1, 4), np.inf), "finite"),
            (np.full((1, 4), -2e6), r"within \+-1e\+06"),
        ],
    )
    def test_bad_latents_are_refused_with_the_reason(self, latents, reason):
        with pytest.raises(InputError, match=reason):
            self.codec.decode(latents)

    def test_an_unknown_mode_is_refused(self):
        with pytest.raises(InputError, match="mode must be one of sample, mean"):
            self.codec.encode(np.zeros((1, 28, 28)), mode="median")
