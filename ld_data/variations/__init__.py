"""MNIST"s variations (rotated digits, backgrounds): the published sets, and a generator of like ones."""

from ld_data.variations.published import Variations, load_variations
from ld_data.variations.stream import MANNERS, VariationConfig, VariationParts, VariationRows, VariationStream

__all__ = [
    "MANNERS",
    "VariationConfig",
    "VariationParts",
    "VariationRows",
    "VariationStream",
    "Variations",
    "load_variations",
]
