"""The models of a release as builds and the service use them: protocols that `vae` implements."""

from pathlib import Path
from typing import Literal, Protocol

from ld_data.checks import MAX_ECHO
from ld_data.errors import InputError
from ld_data.typing import Array, Floats

Mode = Literal["sample", "mean"]
YKind = Literal["cells", "gaussian"]
MODES: tuple[Mode, ...] = ("sample", "mean")


def check_mode(mode: str) -> Mode:
    """Return `mode` if it is "sample" or "mean"; raise `InputError` otherwise."""
    for known in MODES:
        if mode == known:
            return known
    raise InputError(f"mode must be one of {', '.join(MODES)}; received {mode[:MAX_ECHO]!r}.")


class XCodec(Protocol):
    """Encoder and decoder of the x space."""

    @property
    def latent_dim(self) -> int:
        """The latent size d."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input: `(h, w)`, `(h, w, 3)` in colour, or `(t,)`."""

    def encode(self, inputs: Array, mode: Mode = "sample", seed: int = 0, first_row: int = 0) -> Floats:
        """Return `(n, d)` float32 latents of inputs `(n, *input_shape)`; row i draws noise of row `first_row` + i."""

    def prepare_encoding(
        self, inputs: Array, mode: Mode = "sample", seed: int = 0, first_row: int = 0
    ) -> tuple[Array, Array]:
        """Return the arguments of `run_encoder` for these of `encode`: checked inputs, and noise, n rows each.

        The service joins the rows of several callers before it calls `run_encoder`.
        """

    def run_encoder(self, inputs: Array, noise: Array) -> Floats:
        """Return `(n, d)` float32 latents; a row depends on the same row of the arrays alone."""

    def prepare_decoding(self, latents: Array) -> tuple[Array]:
        """Return the argument of `run_decoder` for latents `(n, d)`, as `prepare_encoding` does."""

    def run_decoder(self, latents: Array) -> Floats:
        """Return `(n, *input_shape)` float32 inputs; a row depends on the same row of the array alone."""

    def measure_rate(self, inputs: Array, seed: int = 0) -> Floats:
        """Return KL(q(x | input) || N(0, I)) in nats, `(n,)` float32, for inputs `(n, *input_shape)`."""

    def decode(self, latents: Array) -> Floats:
        """Return `(n, *input_shape)` float32 inputs for latents `(n, d)`."""


class YCodec(Protocol):
    """Encoder and decoder of the y space."""

    @property
    def kind(self) -> YKind:
        """The kind of y: exact "cells", or the "gaussian" posteriors of a trained class VAE."""

    @property
    def latent_dim(self) -> int:
        """The latent size d."""

    @property
    def class_weight(self) -> Floats:
        """W `(d, k)`: the class of y is argmax(y @ W + b)."""

    @property
    def class_bias(self) -> Floats:
        """The biases b `(k,)`."""

    @property
    def class_mean(self) -> Floats:
        """E[y | class] `(k, d)`."""

    @property
    def null(self) -> float:
        """The variance of y per dimension: the MSE of the model that always answers the mean."""

    @property
    def floor(self) -> float:
        """The variance of y within its class per dimension: the MSE of an oracle that knows the class."""

    def encode(self, labels: Array, mode: Mode = "sample", seed: int = 0, first_row: int = 0) -> Floats:
        """Return `(n, d)` float32 latents of labels `(n,)`; row i draws noise of row `first_row` + i."""

    def decode(self, latents: Array) -> Floats:
        """Return `(n, k)` float32 class probabilities for latents `(n, d)`."""


class LatentCodec(Protocol):
    """The models of a release."""

    @property
    def x(self) -> XCodec:
        """The codec of inputs."""

    @property
    def y(self) -> YCodec:
        """The codec of classes."""

    def save(self, folder: Path) -> None:
        """Write configuration and weights as new files into an existing folder."""


class Judge(Protocol):
    """A classifier of raw inputs, trained apart from the models, that reads decoded inputs."""

    @property
    def sha256(self) -> str:
        """The sha256 of the judge's file; empty for a judge without a file."""

    def classify(self, inputs: Array) -> Array:
        """Return the classes `(n,)` of inputs `(n, ...)` float32, pixels in [0, 1]."""
