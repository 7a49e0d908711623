"""What the models of a release can be asked: to encode and to decode, in x and in y."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from ld_data.codec import LatentCodec, Mode


@dataclass(frozen=True)
class Draw:
    """Which noise an encoder adds: see `ld_data.codec.XCodec.encode`."""

    mode: Mode = "sample"
    seed: int = 0
    first_row: int = 0


@dataclass(frozen=True, eq=False)
class Operation:
    """A way through a model, in two steps.

    Attributes:
        takes: the name of what comes in.
        row_numbers: how many numbers a row of it has.
        prepare: what came in and a draw to arrays of n rows, checked; raises `InputError`.
        compute: such arrays, or those of several joined, to n rows.
        gives: the name of those rows.
        derive: more to give, made from those rows, by name.
    """

    takes: str
    row_numbers: int
    gives: str
    prepare: Callable[[np.ndarray, Draw], tuple[np.ndarray, ...]]
    compute: Callable[..., np.ndarray]
    derive: Callable[[np.ndarray], dict[str, np.ndarray]] | None = None

    def expect_rows(self, body_bytes: int) -> int:
        """Return about how many rows a body holds, by its length: those of float32; JSON takes about twice as much."""
        return 1 + body_bytes // (4 * self.row_numbers)

    def name_outputs(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return all that goes out, by name."""
        return {**(self.derive(rows) if self.derive else {}), self.gives: rows}


def make_operations(codec: LatentCodec) -> dict[str, Operation]:
    """Return the operations of a release's models, by the end of their route."""
    x, y = codec.x, codec.y

    def encode_labels(labels: np.ndarray, draw: Draw) -> tuple[np.ndarray]:
        return (y.encode(labels, draw.mode, draw.seed, draw.first_row),)

    return {
        "x/encode": Operation(
            "inputs",
            prod(x.input_shape),
            "vectors",
            lambda inputs, draw: x.prepare_encoding(inputs, draw.mode, draw.seed, draw.first_row),
            x.run_encoder,
        ),
        "x/decode": Operation(
            "vectors",
            x.latent_dim,
            "inputs",
            lambda vectors, _: x.prepare_decoding(vectors),
            x.run_decoder,
        ),
        "y/encode": Operation("labels", 1, "vectors", encode_labels, lambda vectors: vectors),
        "y/decode": Operation(
            "vectors",
            y.latent_dim,
            "probabilities",
            lambda vectors, _: (y.decode(vectors),),
            lambda probabilities: probabilities,
            lambda probabilities: {"labels": probabilities.argmax(axis=1)},
        ),
    }
