"""LitServe around a decoder on ONNX Runtime, with its own batching: `litserve_decoder.py ONNX PORT`."""

import sys
from typing import Any

import litserve
import numpy as np
import onnxruntime


class Decoder(litserve.LitAPI):
    """Lists in and out; requests within five milliseconds are computed together."""

    def setup(self, device: str) -> None:
        """Load the network, on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])

    def decode_request(self, request: dict[str, Any]) -> np.ndarray:
        """Return the latents `(n, d)` of a request."""
        return np.array(request["vectors"], np.float32)

    def batch(self, inputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return the latents of several requests as one array, and where each of them begins, except the first."""
        return np.concatenate(inputs), np.cumsum([len(rows) for rows in inputs])[:-1]

    def predict(self, batch: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return the inputs that latents decode to."""
        latents, starts = batch
        return self.session.run(None, {"latents": latents})[0], starts

    def unbatch(self, output: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
        """Return the rows of each request."""
        return np.split(*output)

    def encode_response(self, output: np.ndarray) -> dict[str, Any]:
        """Return the answer to a request."""
        return {"inputs": output.tolist()}


if __name__ == "__main__":
    api = Decoder(max_batch_size=64, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, generate_client_file=False, log_level="error"
    )
