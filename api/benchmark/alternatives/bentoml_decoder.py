"""BentoML around a decoder on ONNX Runtime, with its own batching: `bentoml_decoder.py ONNX PORT`."""

import os
import sys
from pathlib import Path

import bentoml
import numpy as np
import onnxruntime

MODEL_VARIABLE = "BENCHMARK_DECODER"


@bentoml.service(workers=1, traffic={"timeout": 120})
class Decoder:
    """Arrays in and out, as JSON; BentoML's scheduler joins requests."""

    def __init__(self) -> None:
        """Load the network, on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = os.environ[MODEL_VARIABLE]
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    @bentoml.api(batchable=True, max_batch_size=1024)
    def decode(self, vectors: np.ndarray) -> np.ndarray:
        """Return the inputs that latents `(n, d)` decode to."""
        return self.session.run(None, {"latents": vectors.astype(np.float32)})[0]


if __name__ == "__main__":
    os.environ[MODEL_VARIABLE] = str(Path(sys.argv[1]).resolve())
    folder = str(Path(__file__).parent)
    options = ["--host", "127.0.0.1", "--port", sys.argv[2], "--working-dir", folder]
    serve = [sys.executable, "-m", "bentoml", "serve", f"{Path(__file__).stem}:Decoder", *options]
    os.execv(sys.executable, serve)  # noqa: S606
