"""The operations of the models of a release: encode and decode, in x and in y, and predict y from x."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from ld_data.checks import GREATEST_VALUE, check_vectors
from ld_data.protocols import LatentCodec, Mode
from ld_data.typing import Array, Floats

MAX_FIRST_ROW = 2**40


@dataclass(frozen=True)
class Draw:
    """The noise that an encoder adds: see `ld_data.protocols.XCodec.encode`."""

    mode: Mode = "sample"
    seed: int = 0
    first_row: int = 0


@dataclass(frozen=True)
class Tensor:
    """An input or an output of a model: its name, the shape of one row, and the type of its numbers."""

    name: str
    row_shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True, eq=False)
class Operation:
    """One use of a model, in two steps."""

    takes: Tensor
    gives: Tensor  # the rows that `compute` returns
    prepare: Callable[[Array, Draw], tuple[Array, ...]]  # checks n rows of an input; raises `InputError`
    compute: Callable[..., Array]  # returns n rows for such arrays, or for those of several requests joined
    draws: bool = False  # whether the draw has an effect
    derives: tuple[Tensor, ...] = ()  # further outputs, which `derive` makes from the rows, in this order
    derive: Callable[[Array], tuple[Array, ...]] = lambda _: ()

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """All outputs."""
        return (*self.derives, self.gives)

    @property
    def gives_inputs(self) -> bool:
        """Whether its rows can be drawn: images or signals."""
        return self.gives.name == "inputs"

    @property
    def gives_pixels(self) -> bool:
        """Whether its rows are images, with pixels in [0, 1]."""
        return self.gives_inputs and len(self.gives.row_shape) > 1

    def expect_rows(self, body_bytes: int) -> int:
        """Return about how many rows a body of this length holds as float32; JSON takes about twice the length."""
        return 1 + body_bytes // (4 * prod(self.takes.row_shape))

    def name_outputs(self, rows: Array) -> dict[str, Array]:
        """Return all outputs by name."""
        arrays = (*self.derive(rows), rows)
        return {tensor.name: array for tensor, array in zip(self.outputs, arrays, strict=True)}


def make_operations(codec: LatentCodec) -> dict[str, Operation]:
    """Return the operations of a release's models, by the end of their route."""
    x, y = codec.x, codec.y
    inputs, labels = Tensor("inputs", x.input_shape), Tensor("labels", (), "int64")
    x_vectors, y_vectors = Tensor("vectors", (x.latent_dim,)), Tensor("vectors", (y.latent_dim,))

    return {
        "x/encode": Operation(
            inputs,
            x_vectors,
            lambda inputs, draw: x.prepare_encoding(inputs, draw.mode, draw.seed, draw.first_row),
            x.run_encoder,
            draws=True,
        ),
        "x/decode": Operation(x_vectors, inputs, lambda vectors, _: x.prepare_decoding(vectors), x.run_decoder),
        "y/encode": Operation(
            labels,
            y_vectors,
            lambda labels, draw: (y.encode(labels, draw.mode, draw.seed, draw.first_row),),
            lambda vectors: vectors,
            draws=True,
        ),
        "y/decode": Operation(
            y_vectors,
            Tensor("probabilities", y.class_bias.shape),
            lambda vectors, _: (y.decode(vectors),),
            lambda probabilities: probabilities,
            derives=(labels,),
            derive=lambda probabilities: (probabilities.argmax(axis=1),),
        ),
    }


def make_prediction(codec: LatentCodec, predict: Callable[[Floats], Floats]) -> Operation:
    """Return the operation of a model from x to y, which also decodes the predicted y to its class.

    The best prediction is the mean of y given x: the class means, each with its share, the probability of the class
    given x. `shares` are those of the mixture of class means that is nearest to a prediction; they sum to 1.
    """
    x, y, k = codec.x, codec.y, len(codec.y.class_mean)
    centre = y.class_mean.mean(axis=0)
    inverse = np.linalg.pinv(y.class_mean - centre, rcond=1e-5)  # the differences have one direction fewer

    def derive(vectors: Array) -> tuple[Array, ...]:
        shares = 1 / k + (vectors - centre) @ inverse
        return y.decode(vectors).argmax(axis=1), shares.astype(np.float32)

    return Operation(
        Tensor("vectors", (x.latent_dim,)),
        Tensor("vectors", (y.latent_dim,)),
        lambda vectors, _: (check_vectors(vectors, x.latent_dim, most=GREATEST_VALUE),),
        predict,
        derives=(Tensor("labels", (), "int64"), Tensor("shares", (k,))),
        derive=derive,
    )
