"""MLServer around a decoder on ONNX Runtime, with its own batching: `mlserver_decoder.py ONNX PORT`.

It starts no processes for its models, as these would share the one core.
"""

import asyncio
import sys

import numpy as np
import onnxruntime
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Decoder(MLModel):
    """The decoder, behind the Open Inference Protocol."""

    async def load(self) -> bool:
        """Load the network, on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Return the inputs that latents `(n, d)` decode to."""
        latents = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        rows = self.session.run(None, {"latents": latents.astype(np.float32)})[0]
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("inputs", rows)])


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    ports = {"http_port": port, "grpc_port": port + 1, "metrics_port": port + 2}
    settings = Settings(host="127.0.0.1", parallel_workers=0, debug=False, **ports)
    decoder = ModelSettings(name="decoder", implementation=Decoder, max_batch_size=64, max_batch_time=0.001)
    await MLServer(settings).start([decoder])


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[2])))
