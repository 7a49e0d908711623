"""The models: encoders and decoders of both latent spaces, their training (Keras 3), and their use (ONNX Runtime)."""

from vae.codec import Codec, load

__all__ = ["Codec", "load"]
