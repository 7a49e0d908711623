"""The x space: images or signals, encoded and decoded by a trained VAE."""

from dataclasses import dataclass

from ld_data.checks import (
    GREATEST_VALUE,
    check_finite,
    check_numbers,
    check_pixels,
    check_vectors,
    describe_shape,
    to_float32,
)
from ld_data.errors import InputError
from ld_data.noise import X_STREAM
from ld_data.protocols import Mode
from ld_data.typing import Array, Floats
from ld_data.user_arrays import place_channels
from vae.config import VaeConfig
from vae.runtime.onnx_network import FrozenVae


@dataclass(frozen=True, eq=False)
class InputCodec:
    """A trained image or signal VAE as the codec of the x space; satisfies `ld_data.protocols.XCodec`."""

    vae: FrozenVae

    def __repr__(self) -> str:
        """Return the sizes."""
        return f"<InputCodec: inputs {self.input_shape}, d = {self.latent_dim}>"

    @property
    def latent_dim(self) -> int:
        """The latent size d."""
        return self.vae.config.latent_dim

    @property
    def input_shape(self) -> tuple[int, ...]:
        """`(h, w)`, `(h, w, 3)` or `(t,)`."""
        return self.vae.config.input_shape

    def encode(self, inputs: Array, mode: Mode = "sample", seed: int = 0, first_row: int = 0) -> Floats:
        """Return `(n, d)` float32 latents: draws from the posteriors, or the flow's images of their means ("mean").

        `inputs` are images `(n, h, w)` or `(n, h, w, 3)`, uint8, booleans or numbers in [0, 1], or signals `(n, t)`, in
        any container of `ld_data.user_arrays.read_array`; they may have a channel axis of size 1, and channels may
        stand first. The noise of row i depends only on `seed` and `first_row` + i.
        """
        return self.run_encoder(*self.prepare_encoding(inputs, mode, seed, first_row))

    def measure_rate(self, inputs: Array, seed: int = 0) -> Floats:
        """Return the rate of each input in nats, `(n,)` float32: KL(q(x | input) || N(0, I)).

        With a flow it is an unbiased estimate from one draw.
        """
        return self.vae.encoder.run(*self.prepare_encoding(inputs, "sample", seed))[1]

    def decode(self, latents: Array) -> Floats:
        """Return `(n, *input_shape)` float32 for latents `(n, d)`: pixels in [0, 1], or signal points."""
        return self.run_decoder(*self.prepare_decoding(latents))

    def prepare_encoding(
        self, inputs: Array, mode: Mode = "sample", seed: int = 0, first_row: int = 0
    ) -> tuple[Array, Array]:
        """Return inputs and noise, n rows each, as `run_encoder` takes them; arguments as of `encode`."""
        prepared = prepare_inputs(inputs, self.vae.config)
        return prepared, self.vae.make_noise(mode, seed, X_STREAM, first_row, len(prepared))

    def run_encoder(self, inputs: Array, noise: Array) -> Floats:
        """Return latents `(n, d)` float32 for the arrays of one `prepare_encoding`, or of several joined."""
        return self.vae.encoder.run(inputs, noise)[0]

    def prepare_decoding(self, latents: Array) -> tuple[Array]:
        """Return latents as `run_decoder` takes them; argument as of `decode`.

        Raises:
            InputError: the latents have another shape, are not finite, or exceed +-1e6.
        """
        return (check_vectors(latents, self.latent_dim, most=GREATEST_VALUE),)

    def run_decoder(self, latents: Array) -> Floats:
        """Return inputs `(n, *input_shape)` float32 for the latents of one `prepare_decoding`, or of several joined."""
        return self.vae.decoder.run(latents)[0]


def prepare_inputs(inputs: object, config: VaeConfig) -> Floats:
    """Return inputs as the VAE takes them: `(n, *input_shape)` float32, pixels scaled to [0, 1], channels last.

    Raises:
        InputError: the inputs have another shape or no rows, a value is not finite, pixels are refused by
            `check_pixels`, or signals exceed +-1e6.
    """
    array = place_channels(check_numbers(inputs, "inputs", take_booleans=config.has_pixels), config.input_shape)
    if array.shape[1:] != config.input_shape or not len(array):
        expected = ", ".join(("n", *map(str, config.input_shape)))
        received = describe_shape(array, config.input_shape)
        raise InputError(f"inputs must have shape ({expected}) with n of 1 or more; {received}")
    if config.has_pixels:
        return check_pixels(array, "pixels")
    return check_finite(to_float32(array), "signals", GREATEST_VALUE)
