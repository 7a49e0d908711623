"""The models: encoders and decoders of both latent spaces, their training (Keras 3), and their use (ONNX Runtime)."""

from importlib import import_module
from typing import Any

from ld_data.cli.libraries import import_quietly
from ld_data.extras import name_missing
from vae.codec import Codec, load

__all__ = ["Codec", "LatentEncoder", "build_release", "load"]

KERAS = ("build_release",)
LATE = {"LatentEncoder": "vae.estimator", "build_release": "vae.release"}  # need scikit-learn and Keras: 1 s and 4 s


def __getattr__(name: str) -> Any:
    """Return a name of `LATE`, imported on its first use."""
    if name not in LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=None)
    with name_missing():
        if name in KERAS:
            import_quietly("keras")
        return getattr(import_module(LATE[name]), name)
