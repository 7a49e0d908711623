"""Low-dimensional latent datasets: matched Gaussian codes of inputs and classes, to load, build and verify.

Importing this needs numpy alone; the generator (`ld_data.mnist1d`) and the sources (`ld_data.sources`) also use scipy.
"""

from pathlib import Path
from typing import overload

from ld_data.errors import InputError, LdDataError
from ld_data.release import folder as _releases
from ld_data.release.dataset import LatentDataset, Split, subset
from ld_data.release.folder import list_releases, verify
from ld_data.release.manifest import MANIFEST_NAME

__version__ = "0.1.0"

__all__ = ["LatentDataset", "LdDataError", "Split", "__version__", "list_releases", "load", "subset", "verify"]


@overload
def load(name: str | Path, *, rows: int | None = None) -> LatentDataset: ...


@overload
def load(name: str | Path, *, rows: slice) -> Split: ...


def load(name: str | Path, *, rows: int | slice | None = None) -> LatentDataset | Split:
    """Return the latent dataset of a release, by name, folder or address, every array checked by the manifest's hash.

    With a number of `rows`, it has the first training rows alone, for quick trials (`ld_data.subset`). An address names
    a release of a service, `http://HOST/v1/datasets/NAME`, or a served folder with a manifest.json: only the data are
    fetched, and kept in the cache folder.

    With a slice of `rows`, return these rows of a sharded release, also one at s3:// or gs://: only the shards that
    hold them are read, and checked by the hashes of the root.

    Raises:
        InputError: as `ld_data.subset`, or for a slice as `ld_data.shards.ShardedRows`.
        UnknownNameError: there is no such release.
        IntegrityError: the release differs from its manifest, or a shard from the root.
        DownloadError: the address does not deliver.
        MissingDataError: `LD_DATA_OFFLINE` forbids the download, and the cache does not hold the data.
    """
    place = name if isinstance(name, str) and "://" in name else _releases.find_release(name)
    is_whole = isinstance(place, Path) and (place / MANIFEST_NAME).is_file()
    if not isinstance(rows, slice):
        if isinstance(place, Path) and not is_whole and (place / "plan.json").is_file():
            raise InputError(f"{name} is a sharded release: name the rows, such as rows=slice(0, 1000).")
        return _releases.load(name, rows=rows)
    if is_whole:
        raise InputError(f"{name} is no sharded release: load it whole, and take slices of its arrays.")
    from ld_data.shards.reading import ShardedRows  # late: most users need one file

    return ShardedRows(place).load(rows)
