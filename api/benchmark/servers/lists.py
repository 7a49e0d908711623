"""A decoder behind FastAPI as one writes it first: lists of numbers in and out, by pydantic and FastAPI's own JSON."""

from collections.abc import Callable
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Vectors(BaseModel):
    """The latents of a request."""

    vectors: list[list[float]]


def serve_lists(decode: Callable[[np.ndarray], np.ndarray], port: int) -> None:
    """Serve `POST /decode` until the process is ended."""
    app = FastAPI()

    @app.post("/decode")
    async def answer(body: Vectors) -> dict[str, Any]:
        return {"inputs": decode(np.array(body.vectors, np.float32)).tolist()}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
