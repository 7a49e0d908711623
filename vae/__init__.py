"""The models: encoders and decoders of a release's two latent spaces, and their training (Keras 3)."""

from vae.codec import Codec, load

__all__ = ["Codec", "load"]
