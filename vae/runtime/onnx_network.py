"""Trained networks without their training framework: ONNX, run by ONNX Runtime on one thread; a VAE has two."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ld_data.errors import InputError, IntegrityError
from ld_data.extras import import_library
from ld_data.noise import make_normals
from ld_data.protocols import Mode, check_mode
from ld_data.typing import Array, Floats
from vae.config import VaeConfig

CHUNK_ROWS = 256  # the values of a dense layer then stay in the cache


class Network:
    """A function of rows: an ONNX model whose inputs and outputs are float32 and have rows as their first axis.

    Memory holds the session of ONNX Runtime, and not the bytes of a file.

    Attributes:
        inputs: the shapes of one row of the inputs, by their names.

    Raises:
        IntegrityError: ONNX Runtime cannot run the bytes.
        MissingLibraryError: ONNX Runtime is not installed.
    """

    def __init__(self, source: bytes | Path) -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # disable telemetry
        onnxruntime = import_library("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # print nothing: errors are raised
        try:
            model = source if isinstance(source, bytes) else str(source)
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's classes have no other base
            raise IntegrityError(f"expected an ONNX model; ONNX Runtime refused it ({error}).") from error
        self.inputs = {argument.name: tuple(argument.shape[1:]) for argument in self._session.get_inputs()}
        self._source = source

    def __deepcopy__(self, memo: dict[int, Any]) -> "Network":
        """Return itself: it never changes, and scikit-learn copies the arguments of an estimator."""
        return self

    def __reduce__(self) -> tuple[type["Network"], tuple[bytes]]:
        """Return the arguments that make it again in another process: a session of ONNX Runtime cannot be pickled."""
        return Network, (self.model,)

    @property
    def model(self) -> bytes:
        """The ONNX bytes, read again if they lie in a file."""
        return self._source if isinstance(self._source, bytes) else self._source.read_bytes()

    def run(self, *inputs: Array) -> list[Array]:
        """Return the outputs `(n, ...)` for inputs `(n, ...)` float32, n of 1 or more.

        If the widths of all layers are multiples of 8, as in the shipped releases, the outputs of a row do not depend
        on the other rows or on their number; else their last bit may.
        """
        starts = range(0, len(inputs[0]), CHUNK_ROWS)
        parts = [[values[start : start + CHUNK_ROWS] for values in inputs] for start in starts]
        chunks = [self._session.run(None, dict(zip(self.inputs, part, strict=True))) for part in parts]
        return chunks[0] if len(chunks) == 1 else [np.concatenate(parts) for parts in zip(*chunks, strict=True)]


@dataclass(frozen=True)
class FrozenVae:
    """A VAE as it is published; `vae.training.onnx_export` makes it of a trained one.

    Attributes:
        config: of the VAE.
        encoder: `vae.model.vae.Vae.encode`: inputs and standard normal noise to draws from the posterior and rates.
        decoder: `Vae.decode`: latents to the means of the likelihood.
    """

    config: VaeConfig
    encoder: Network
    decoder: Network

    def __post_init__(self) -> None:
        """Raise `InputError` if a network takes other shapes than the configuration."""
        latents = (self.config.latent_dim,)
        expected = {"inputs": self.config.input_shape, "noise": latents}, {"latents": latents}
        received = self.encoder.inputs, self.decoder.inputs
        if received != expected:
            raise InputError(f"expected an encoder and a decoder of {expected}; received networks of {received}.")

    def make_noise(self, mode: Mode, seed: int, stream: int, first_row: int, rows: int) -> Floats:
        """Return the noise `(rows, d)` float32 of a draw, or for mode "mean" zeros.

        Row i depends only on `seed`, `stream` and `first_row` + i.
        """
        check_mode(mode)
        noise = make_normals(seed, stream, first_row, rows, self.config.latent_dim).astype(np.float32)
        return noise if mode == "sample" else np.zeros_like(noise)
