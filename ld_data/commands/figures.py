"""The figures of a release or a generator; imported late by the command `plots`, as matplotlib takes 1 s."""

from collections.abc import Iterator
from typing import Any

import vae
from ld_data.commands.health import find_available_inputs
from ld_data.errors import UnknownNameError
from ld_data.extras import check_libraries
from ld_data.health.plots import check_components, draw_release, save_figure
from ld_data.mnist1d.plots import draw_generator
from ld_data.release.folder import find_release, load_verified
from ld_data.sources.mnist import load_mnist
from ld_data.sources.user_images import UserImages
from ld_data.variations.plots import draw_variations
from ld_data.variations.stream import PRESETS

__all__ = ["choose_figures", "save_figure"]


def choose_figures(name: str, images: UserImages, components: tuple[int, int]) -> Iterator[tuple[str, Any]]:
    """Return the figures of a generator or a release, by name, each drawn when it is taken."""
    if name == "mnist1d":
        return draw_generator()
    if name in PRESETS:
        arrays = load_mnist()
        return draw_variations(PRESETS[name], arrays["x_train"], arrays["y_train"])
    try:
        find_release(name)
    except UnknownNameError as error:
        raise UnknownNameError(f"{error} Or name a generator: {', '.join(['mnist1d', *PRESETS])}.") from error
    check_libraries("onnxruntime")  # before the search for the inputs, which may use the network
    manifest, data = load_verified(name)
    source = find_available_inputs(manifest.name, manifest.source, images)
    check_components(components, data.latent_dim)
    return draw_release(data, source, None if source is None else vae.load(name), components)
