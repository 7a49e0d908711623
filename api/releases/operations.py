"""What the models of a release can be asked: to encode and to decode, in x and in y."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from ld_data.protocols import LatentCodec, Mode

MAX_FIRST_ROW = 2**40


@dataclass(frozen=True)
class Draw:
    """Which noise an encoder adds: see `ld_data.protocols.XCodec.encode`."""

    mode: Mode = "sample"
    seed: int = 0
    first_row: int = 0


@dataclass(frozen=True)
class Tensor:
    """What goes into a model, or comes out: its name, the shape of one row of it, and the type of its numbers."""

    name: str
    row_shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True, eq=False)
class Operation:
    """A way through a model, in two steps.

    Attributes:
        takes: what comes in.
        gives: the rows that are computed.
        prepare: what came in and a draw to arrays of n rows, checked; raises `InputError`.
        compute: such arrays, or those of several joined, to n rows.
        draws: whether `prepare` minds the draw.
        derives: what else is given, made from the rows by `derive`.
        derive: the rows to `derives`, in their order.
    """

    takes: Tensor
    gives: Tensor
    prepare: Callable[[np.ndarray, Draw], tuple[np.ndarray, ...]]
    compute: Callable[..., np.ndarray]
    draws: bool = False
    derives: tuple[Tensor, ...] = ()
    derive: Callable[[np.ndarray], tuple[np.ndarray, ...]] = lambda _: ()

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """All that goes out."""
        return (*self.derives, self.gives)

    @property
    def gives_inputs(self) -> bool:
        """Whether its rows are what people can look at: images `(h, w)` or signals `(t,)`."""
        return self.gives.name == "inputs"

    @property
    def gives_pixels(self) -> bool:
        """Whether its rows are images, with pixels in [0, 1]."""
        return self.gives_inputs and len(self.gives.row_shape) == 2

    def expect_rows(self, body_bytes: int) -> int:
        """Return about how many rows a body holds, by its length: those of float32; JSON takes about twice as much."""
        return 1 + body_bytes // (4 * prod(self.takes.row_shape))

    def name_outputs(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return all that goes out, by name."""
        arrays = (*self.derive(rows), rows)
        return {tensor.name: array for tensor, array in zip(self.outputs, arrays, strict=True)}


def make_operations(codec: LatentCodec) -> dict[str, Operation]:
    """Return the operations of a release's models, by the end of their route."""
    x, y = codec.x, codec.y
    inputs, labels = Tensor("inputs", x.input_shape), Tensor("labels", (), "int64")
    x_vectors, y_vectors = Tensor("vectors", (x.latent_dim,)), Tensor("vectors", (y.latent_dim,))

    def encode_labels(labels: np.ndarray, draw: Draw) -> tuple[np.ndarray]:
        return (y.encode(labels, draw.mode, draw.seed, draw.first_row),)

    return {
        "x/encode": Operation(
            inputs,
            x_vectors,
            lambda inputs, draw: x.prepare_encoding(inputs, draw.mode, draw.seed, draw.first_row),
            x.run_encoder,
            draws=True,
        ),
        "x/decode": Operation(x_vectors, inputs, lambda vectors, _: x.prepare_decoding(vectors), x.run_decoder),
        "y/encode": Operation(labels, y_vectors, encode_labels, lambda vectors: vectors, draws=True),
        "y/decode": Operation(
            y_vectors,
            Tensor("probabilities", y.class_bias.shape),
            lambda vectors, _: (y.decode(vectors),),
            lambda probabilities: probabilities,
            derives=(labels,),
            derive=lambda probabilities: (probabilities.argmax(axis=1),),
        ),
    }
