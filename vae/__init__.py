"""The models: encoders and decoders of both latent spaces, their training (Keras 3), and their use (ONNX Runtime)."""

from typing import Any

from ld_data.extras import name_missing
from vae.codec import Codec, load

__all__ = ["Codec", "LatentEncoder", "load"]


def __getattr__(name: str) -> Any:
    """Return `LatentEncoder`, imported once it is asked for: a service, which does not, starts without scikit-learn."""
    if name != "LatentEncoder":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=None)
    with name_missing():
        from vae.estimator import LatentEncoder
    return LatentEncoder
