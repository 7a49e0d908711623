"""Encoding as a step of scikit-learn's pipelines; this module imports scikit-learn."""

import math
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ld_data.errors import InputError
from ld_data.protocols import LatentCodec, Mode
from ld_data.release.dataset import name_columns
from ld_data.typing import Array, Floats
from ld_data.user_arrays import place_channels, read_array
from vae.codec import load


class LatentEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A transformer of inputs into latents x, and back, by the models of a release.

    `fit` learns nothing: it loads the models and checks that they take the inputs.

    Args:
        release: a codec, or an argument of `vae.load`: the name, folder or address of a release or of a preset.
        mode: "mean" for the posterior means, the same each time; "sample" for draws.
        seed: of the draws. Row i of the inputs draws the noise of row i: set another seed for other rows.

    Attributes:
        codec_: the models.
        n_features_in_: the size of one input as a flat row: h * w, h * w * 3, or t.
        feature_names_in_: the columns of the data frame, if the inputs came as one.
    """

    def __init__(self, release: str | Path | LatentCodec = "ld-mnist-32", mode: Mode = "mean", seed: int = 0) -> None:
        self.release = release
        self.mode = mode
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:
        """Return itself, with the models loaded, after checking inputs as `transform` takes them; y is not used.

        Raises:
            InputError: the inputs have another size, or the codec refuses them.
            LdDataError: `vae.load` cannot load the release.
        """
        codec = _find_codec(self.release)
        codec.x.prepare_encoding(self._read_rows(X, codec, reset=True), self.mode, self.seed)
        self.codec_ = codec
        return self

    def transform(self, X: Any) -> Floats:
        """Return latents `(n, d)` float32 of inputs `(n, *input_shape)`, or of the same as flat rows.

        Pixels are uint8, booleans, or numbers in [0, 1]. The inputs may be a list, a frame or a tensor, have a channel
        axis of size 1, and have the channels of colours first.
        """
        check_is_fitted(self, "codec_")
        rows = self._read_rows(X, self.codec_, reset=False)
        return self.codec_.x.encode(rows, mode=self.mode, seed=self.seed)

    def inverse_transform(self, X: Any) -> Floats:
        """Return decoded inputs as flat rows `(n, n_features_in_)` float32 for latents `(n, d)`."""
        check_is_fitted(self, "codec_")
        inputs = self.codec_.x.decode(X)
        return inputs.reshape(len(inputs), -1)

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Return the names of the latents' components, x_0 to x_(d-1), `(d,)`."""
        super().get_feature_names_out(input_features)  # checks them
        return np.array(name_columns("x", self.codec_.x.latent_dim), dtype=object)

    @property
    def _n_features_out(self) -> int:
        """The latent size d; scikit-learn reads it."""
        return self.codec_.x.latent_dim

    def _read_rows(self, inputs: Any, codec: LatentCodec, reset: bool) -> Array:
        """Return inputs as the codec takes them; raise `InputError` if they have another size."""
        shape = tuple(codec.x.input_shape)
        array = place_channels(read_array(inputs, "X"), shape)
        if array.ndim > 2:  # scikit-learn counts the features of flat rows
            if array.shape[1:] != shape:
                raise InputError(f"X must have images {shape}, as the release takes them; received {array.shape[1:]}.")
            array = array.reshape(len(array), math.prod(shape))
        rows = check_array(array, input_name="X", estimator=self)
        named = inputs if hasattr(inputs, "columns") else rows  # a frame has the names of its features
        validate_data(self, named, reset=reset, skip_check_array=True)
        try:
            return rows.reshape(len(rows), *shape)
        except ValueError as error:
            expected = "x".join(map(str, shape))
            raise InputError(
                f"X must have rows of {expected} numbers, as the release takes them; received {rows.shape[1]} features."
            ) from error

    def __sklearn_tags__(self) -> Tags:
        """Return the tags that scikit-learn reads: inputs may have three axes, and latents are float32."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _find_codec(release: str | Path | LatentCodec) -> LatentCodec:
    if isinstance(release, str | Path):
        return load(release)
    if not hasattr(release, "x"):
        raise InputError(
            "release must be the name, folder or address of a release or a preset, or a codec; received "
            f"{type(release).__name__}."
        )
    return release
