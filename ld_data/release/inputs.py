"""The inputs that a release was made from."""

from pathlib import Path

from ld_data.errors import InputError
from ld_data.release.manifest import Manifest
from ld_data.sources.catalogue import load_source
from ld_data.sources.source import Source
from ld_data.sources.user_images import read_source


def find_inputs(manifest: Manifest, path: Path | None = None) -> Source:
    """Return the source that a release was made of, from the user's own `.npz` file if a path is given.

    Raises `InputError` if its hash is not the manifest's, and what `load_source` and `read_source` raise.
    """
    name = manifest.source["name"]
    source = load_source(name) if path is None else read_source(path, name)
    if source.sha256 != manifest.source["sha256"]:
        raise InputError(
            f"these are not the inputs that {manifest.name} was made of: expected sha256 {manifest.source['sha256']}; "
            f"received {source.sha256}. Name the right file with --source-npz."
        )
    return source
