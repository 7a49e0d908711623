"""A network that is trained and done: ONNX, run by ONNX Runtime on one thread."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.extras import name_missing

CHUNK_ROWS = 256  # what a dense layer works on then stays in the cache


class Network:
    """A function of rows.

    Attributes:
        inputs: the shapes of one row of the inputs, by their names.
    """

    def __init__(self, source: bytes | Path) -> None:
        """Take an ONNX model whose inputs and outputs all have rows as their first axis, float32.

        Of a file only what ONNX Runtime makes of it is held in memory.

        Raises `IntegrityError` if the bytes are none that ONNX Runtime can run, and `MissingLibraryError` without it.
        """
        # else it tells its makers of its use, and keeps an identity
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        with name_missing():
            import onnxruntime  # which who only asks what there is need not have

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised, and need not be printed, too
        try:
            model = source if isinstance(source, bytes) else str(source)
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own classes have no base but this one
            raise IntegrityError(f"expected an ONNX model; ONNX Runtime refused it ({error}).") from error
        self.inputs = {argument.name: tuple(argument.shape[1:]) for argument in self._session.get_inputs()}
        self._source = source

    def __deepcopy__(self, memo: dict[int, Any]) -> "Network":
        """Return itself: it never changes, and scikit-learn copies whatever an estimator is given."""
        return self

    def __reduce__(self) -> tuple[type["Network"], tuple[bytes]]:
        """Return what another process makes it of, as ONNX Runtime's own objects cannot be sent there."""
        return Network, (self.model,)

    @property
    def model(self) -> bytes:
        """The ONNX bytes, read once more if they lie in a file."""
        return self._source if isinstance(self._source, bytes) else self._source.read_bytes()

    def run(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """Return the outputs `(n, ...)` for inputs `(n, ...)` float32, n of 1 or more.

        A row's outputs do not depend on the other rows, nor on how many there are, where all layers are multiples of 8
        wide, as those of our releases; elsewhere the last bit may.
        """
        starts = range(0, len(inputs[0]), CHUNK_ROWS)
        chunks = [self._run_chunk([values[start : start + CHUNK_ROWS] for values in inputs]) for start in starts]
        return chunks[0] if len(chunks) == 1 else [np.concatenate(parts) for parts in zip(*chunks, strict=True)]

    def _run_chunk(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        return self._session.run(None, dict(zip(self.inputs, inputs, strict=True)))
