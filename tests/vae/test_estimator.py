import copy
import pickle
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import vae
from ld_data.checks import check_finite, check_numbers
from ld_data.errors import InputError, MissingLibraryError, UnknownNameError
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.noise import X_STREAM, make_normals
from ld_data.protocols import check_mode
from tests.support.fakes import FakeCodec, make_source
from tests.support.paths import CHECKPOINTS
from vae import LatentEncoder

RELEASE = CHECKPOINTS / "ld-mnist1d-32"
BY_ROW = "the noise of a row depends on its place among the transformed rows, as everywhere in the project"


@dataclass(frozen=True)
class LinearX:
    """A codec for inputs of any size: a linear map of all their numbers."""

    latent_dim: int = 3
    input_shape: tuple[int, ...] = (-1,)  # numpy replaces -1 by the size

    def encode(self, inputs, mode="sample", seed=0, first_row=0):
        inputs, noise = self.prepare_encoding(inputs, mode, seed, first_row)
        inputs = inputs.reshape(len(inputs), -1)
        size = inputs.shape[1]
        weights = np.cos(np.arange(1, size * self.latent_dim + 1)).reshape(size, self.latent_dim)
        return (inputs @ weights + noise).astype(np.float32)

    def prepare_encoding(self, inputs, mode="sample", seed=0, first_row=0):
        inputs = check_finite(check_numbers(inputs, "inputs").astype(np.float64), "inputs")
        noise = make_normals(seed, X_STREAM, first_row, len(inputs), self.latent_dim)
        return inputs, noise if check_mode(mode) == "sample" else np.zeros_like(noise)


@dataclass(frozen=True)
class LinearCodec:
    x: LinearX = LinearX()


def expect_failures(encoder):
    if encoder.mode == "mean":
        return {}
    return {"check_methods_subset_invariance": BY_ROW, "check_methods_sample_order_invariance": BY_ROW}


@parametrize_with_checks(
    [LatentEncoder(LinearCodec()), LatentEncoder(LinearCodec(), mode="sample", seed=1)],
    expected_failed_checks=expect_failures,
    xfail_strict=True,
)
def test_scikit_learn_s_checks_hold(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def signals():
    return make_mnist1d().x[:50].astype(np.float32)


@pytest.fixture(scope="module")
def codec():
    return vae.load(RELEASE)


class TestARelease:
    def test_latents_are_the_codec_s(self, codec, signals):
        encoder = LatentEncoder(RELEASE).fit(signals)
        x = encoder.transform(signals)
        assert x.dtype == np.float32
        assert np.array_equal(x, codec.x.encode(signals, mode="mean"))
        assert np.array_equal(encoder.inverse_transform(x), codec.x.decode(x))
        assert encoder.n_features_in_ == 40

    def test_samples_are_those_of_the_seed(self, codec, signals):
        encoder = LatentEncoder(codec, mode="sample", seed=5)
        assert np.array_equal(encoder.fit_transform(signals), codec.x.encode(signals, seed=5))
        encoder.set_params(seed=6)
        assert np.array_equal(encoder.transform(signals), codec.x.encode(signals, seed=6))

    def test_names_are_those_of_data_frames(self, codec, signals):
        encoder = LatentEncoder(codec).fit(signals)
        assert list(encoder.get_feature_names_out()) == [f"x_{number}" for number in range(32)]
        with pytest.raises(ValueError, match="input_features should have length equal to number of features"):
            encoder.get_feature_names_out(["a"])

    def test_pandas_goes_in_and_out(self, codec, signals):
        frame = pd.DataFrame(signals, columns=[f"t_{number}" for number in range(40)], index=range(100, 150))
        encoder = LatentEncoder(codec).set_output(transform="pandas")
        x = encoder.fit_transform(frame)
        assert list(x) == list(encoder.get_feature_names_out())
        assert x.index.equals(frame.index)
        assert set(x.dtypes) == {np.dtype(np.float32)}
        assert np.array_equal(encoder.inverse_transform(x), codec.x.decode(x.to_numpy()))
        assert list(encoder.feature_names_in_) == list(frame)
        with pytest.raises(ValueError, match="feature names should match"):
            encoder.transform(frame.rename(columns={"t_0": "other"}))

    def test_it_is_a_step_of_a_pipeline(self, codec):
        data = make_mnist1d()
        pipeline = make_pipeline(LatentEncoder(RELEASE), LogisticRegression(max_iter=1000))
        pipeline.fit(data.x[:1000], data.y[:1000])
        assert pipeline.score(data.x_test, data.y_test) > 0.2  # chance is 0.1
        assert list(pipeline[:-1].get_feature_names_out())[-1] == "x_31"

    def test_copies_of_all_kinds_encode_alike(self, codec, signals):
        encoder = LatentEncoder(codec, mode="sample", seed=2).fit(signals)
        expected = encoder.transform(signals)
        assert np.array_equal(clone(encoder).fit_transform(signals), expected)
        assert np.array_equal(copy.deepcopy(encoder).transform(signals), expected)
        sent = pickle.loads(pickle.dumps(encoder))  # noqa: S301
        assert np.array_equal(sent.transform(signals), expected)

    @pytest.mark.parametrize("rows", [np.zeros((3, 39)), np.zeros((3, 5, 8)), np.zeros((3, 41), np.uint8)])
    def test_inputs_of_another_size_are_refused_by_fit(self, codec, rows):
        with pytest.raises(InputError, match=r"X must have (rows of 40 numbers|images \(40,\)).*received"):
            LatentEncoder(codec).fit(rows)

    def test_after_a_fit_that_failed_it_is_not_fitted(self, signals):
        encoder = LatentEncoder(RELEASE)
        with pytest.raises(InputError):
            encoder.fit(signals[:, :39])
        with pytest.raises(NotFittedError):
            encoder.transform(signals[:, :39])
        with pytest.raises(NotFittedError):
            encoder.inverse_transform(np.zeros((1, 32)))

    @pytest.mark.parametrize(
        ("changes", "reason"), [({"mode": "median"}, "mode must be one of"), ({"seed": -1}, "seed must be")]
    )
    def test_parameters_that_mean_nothing_are_refused_by_fit(self, codec, signals, changes, reason):
        with pytest.raises(InputError, match=reason):
            LatentEncoder(codec, **changes).fit(signals)

    @pytest.mark.parametrize("release", [None, 7, LatentEncoder])
    def test_fit_refuses_an_unknown_release(self, signals, release):
        with pytest.raises(InputError, match="release must be the name, folder or address of a release"):
            LatentEncoder(release).fit(signals)

    def test_a_release_that_is_not_there_is_refused_by_fit(self, checkpoints, signals):
        with pytest.raises(UnknownNameError, match="no release 'nope'"):
            LatentEncoder("nope").fit(signals)


class TestImages:
    images = make_source().inputs_train
    encoder = LatentEncoder(FakeCodec())

    def test_flat_rows_and_images_are_the_same(self):
        x = self.encoder.fit_transform(self.images)
        assert np.array_equal(self.encoder.fit_transform(self.images.reshape(60, 4)), x)
        assert self.encoder.n_features_in_ == 4
        assert np.array_equal(self.encoder.inverse_transform(x), self.images.reshape(60, 4))

    @pytest.mark.parametrize("shape", [(60, 2, 2), (60, 2, 2, 1), (60, 1, 2, 2)])
    def test_a_channel_axis_and_a_list_change_nothing(self, shape):
        x = self.encoder.fit_transform(self.images)
        assert np.array_equal(self.encoder.fit_transform(self.images.reshape(shape)), x)
        assert np.array_equal(self.encoder.transform(list(self.images.reshape(shape))), x)

    def test_colours_may_be_flat_rows_or_have_their_channels_first(self):
        encoder = LatentEncoder(LinearCodec(LinearX(input_shape=(2, 5, 3))))
        images = np.random.default_rng(0).uniform(size=(6, 2, 5, 3))
        x = encoder.fit_transform(images.reshape(6, 30))
        assert encoder.n_features_in_ == 30
        assert np.array_equal(encoder.transform(images), x)
        assert np.array_equal(encoder.transform(np.moveaxis(images, -1, 1)), x)
        with pytest.raises(InputError, match=r"X must have images \(2, 5, 3\).*received \(2, 5\)"):
            encoder.transform(images[..., 0])

    def test_frames_of_nullable_columns_are_rows(self):
        frame = pd.DataFrame(self.images.reshape(60, 4), columns=list("abcd"))
        x = self.encoder.fit_transform(frame.astype("Float32"))
        assert np.array_equal(x, self.encoder.fit_transform(self.images))

    def test_masked_values_are_refused(self):
        with pytest.raises(InputError, match="X must have no masked values"):
            self.encoder.fit(np.ma.masked_less(self.images, 2.0))

    def test_scaled_rows_may_exceed_the_border_by_rounding(self):
        rows = self.images.reshape(60, 4)
        scaled = np.where(rows == rows.max(), np.nextafter(np.float32(1), np.float32(2)), np.clip(rows, 0, 1))
        LatentEncoder(CHECKPOINTS / "ld-mnist-32").fit(np.tile(scaled, (1, 196)))

    def test_images_of_another_shape_are_refused(self):
        with pytest.raises(InputError, match=r"X must have images \(2, 2\).*received \(1, 4\)"):
            self.encoder.fit(self.images.reshape(60, 1, 4))
        with pytest.raises(InputError, match=r"X must have rows of 2x2 numbers.*received 5 features"):
            self.encoder.fit(np.zeros((60, 5)))

    def test_pixels_are_those_that_the_codec_takes(self):
        codec = vae.load(CHECKPOINTS / "ld-mnist-32")
        pixels = np.random.default_rng(0).integers(0, 256, (2, 784), np.uint8)
        x = LatentEncoder(codec).fit_transform(pixels)
        assert np.array_equal(x, codec.x.encode(pixels.reshape(2, 28, 28), mode="mean"))
        assert np.array_equal(LatentEncoder(codec).fit_transform(pixels.reshape(2, 28, 28)), x)
        with pytest.raises(InputError, match="Divide by 255"):
            LatentEncoder(codec).fit(pixels.astype(float))


def test_without_scikit_learn_it_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "vae.estimator")
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(MissingLibraryError, match=r"needs sklearn.*\.\[sklearn\]"):
        _ = vae.LatentEncoder


def test_vae_has_no_other_names():
    with pytest.raises(AttributeError, match="module 'vae' has no attribute 'LatentDecoder'"):
        _ = vae.LatentDecoder
