"""A release"s data in other formats, each with a card and a Croissant description."""

from ld_data.export.formats import FORMATS, export_dataset

__all__ = ["FORMATS", "export_dataset"]
