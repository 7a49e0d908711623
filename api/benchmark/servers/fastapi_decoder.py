"""A decoder behind FastAPI, written the obvious way: lists of numbers in and out, pydantic, FastAPI's own JSON.

`python -m api.benchmark.servers.fastapi_decoder FOLDER PORT WAY`: WAY is onnx, or direct or predict for Keras. A
release has no Keras weights; random ones have the same speed.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

import vae
from ld_data.typing import Array, Floats
from vae.codec import CONFIG_NAME
from vae.config import VaeConfig

app = FastAPI()


class Vectors(BaseModel):
    """The latents of a request."""

    vectors: list[list[float]]


@app.post("/decode")
async def answer(body: Vectors) -> dict[str, Any]:
    """Answer with the inputs that latents decode to."""
    return {"inputs": app.state.decode(np.array(body.vectors, np.float32)).tolist()}


def make_keras_decoder(folder: Path, way: str) -> Callable[[Floats], Array]:
    """Return a Keras decoder of a release's architecture, called directly or by `predict`."""
    import keras  # import late: 4 s that ONNX Runtime should not pay

    from vae.model.vae import Vae

    config = VaeConfig.from_json(json.loads((folder / CONFIG_NAME).read_text("utf-8"))["x"])
    model = Vae(config)
    latents = keras.Input((config.latent_dim,))
    decoder = keras.Model(latents, model.expected_input(model.decoder(model.to_inner(latents))))
    if way == "predict":
        return partial(decoder.predict, verbose=0)
    return lambda latents: keras.ops.convert_to_numpy(decoder(latents))


if __name__ == "__main__":
    release, port, way = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    app.state.decode = vae.load(release).x.run_decoder if way == "onnx" else make_keras_decoder(release, way)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
