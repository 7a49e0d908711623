"""Variations of MNIST (rotated digits, backgrounds): the published sets, and a generator of similar images."""

from ld_data.variations.published import Variations, load_variations
from ld_data.variations.stream import PRESETS, VariationConfig, VariationRows, VariationStream

__all__ = ["PRESETS", "VariationConfig", "VariationRows", "VariationStream", "Variations", "load_variations"]
