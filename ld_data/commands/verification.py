"""The command that verifies a release."""

from typing import Any

import vae
from ld_data.cli.options import Json, OwnImages, Release
from ld_data.cli.output import print_result
from ld_data.extras import check_libraries
from ld_data.fingerprint import TOLERANCE
from ld_data.release.folder import find_release, load_verified
from ld_data.release.recomputation import compare_draws
from ld_data.sources.catalogue import find_inputs
from ld_data.sources.user_images import NO_IMAGES


def verify(
    release: Release, /, *, recompute: bool = False, images: OwnImages = NO_IMAGES, as_json: Json = False
) -> None:
    """Check every hash of a release.

    Args:
        recompute: Also draw x and y again from the source, and allow for the rounding of another processor.
    """
    folder, (manifest, data) = find_release(release), load_verified(release)
    facts: dict[str, Any] = {"path": str(folder), "files": len(manifest.files), "arrays": len(manifest.arrays)}
    text = f"{folder}: {facts['files']} files and {facts['arrays']} arrays are as published"
    if recompute:
        check_libraries("onnxruntime")  # before the search for the inputs, which may use the network
        source = find_inputs(manifest.name, manifest.source, images)
        facts["differences"] = compare_draws(manifest, data, source, vae.load(release))
        most = max(facts["differences"].values())
        text += f"\ndrawn again they differ by at most {most:.2g}, where {TOLERANCE:g} is allowed"
    print_result(facts, text, as_json)
