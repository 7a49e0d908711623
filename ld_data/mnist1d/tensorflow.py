"""A stream of MNIST-1D signals as a `tf.data.Dataset`; this module imports TensorFlow."""

from collections.abc import Iterator

import numpy as np

from ld_data.extras import name_missing
from ld_data.mnist1d.stream import SignalStream
from ld_data.typing import Array

with name_missing():
    import tensorflow as tf


def make_tf_dataset(stream: SignalStream, rows: int, first_row: int = 0) -> tf.data.Dataset:
    """Return a data set of pairs, made when needed and in random order: a signal `(t,)` float32, its class int64."""
    stream.iterate(rows, first_row)

    def make_blocks() -> Iterator[tuple[Array, Array]]:
        for signals, labels in stream.iterate(rows, first_row):
            yield signals, labels.astype(np.int64)

    t = stream.config.final_seq_length
    signature = (tf.TensorSpec((None, t), tf.float32), tf.TensorSpec((None,), tf.int64))
    return tf.data.Dataset.from_generator(make_blocks, output_signature=signature).unbatch()
