"""The inputs of a release: its source, found again."""

from pathlib import Path

from ld_data.errors import InputError
from ld_data.release.manifest import Manifest
from ld_data.sources.catalogue import load_source
from ld_data.sources.source import Source
from ld_data.sources.user_images import read_source


def find_inputs(manifest: Manifest, path: Path | None = None) -> Source:
    """Return the source of a release, from the user's own `.npz` file if a path is given.

    Raises:
        InputError: the hash of the inputs is not the manifest's, or the file holds no source.
        UnknownNameError: the source is not a built-in one, and there is no path.
        MissingDataError: the source is not on this machine, and `LD_DATA_OFFLINE` forbids the download.
        DownloadError: the source cannot be downloaded.
    """
    name = manifest.source["name"]
    source = load_source(name) if path is None else read_source(path, name)
    if source.sha256 != manifest.source["sha256"]:
        raise InputError(
            f"these are not the inputs that {manifest.name} was made of: expected sha256 {manifest.source['sha256']}; "
            f"received {source.sha256}. Name the right file with --source-npz."
        )
    return source
