"""The places of shards: local folders, buckets, and addresses to read from."""

import hashlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ld_data.errors import InputError, IntegrityError, MissingDataError
from ld_data.release.folder import SCHEMES as WEB_SCHEMES
from ld_data.settings import OFFLINE_VARIABLE, is_offline
from ld_data.shards.folders.bucket import SCHEMES, BucketFolder
from ld_data.shards.folders.folder import Folder, Readable
from ld_data.shards.folders.local import LocalFolder

__all__ = [
    "Folder",
    "Place",
    "Readable",
    "Source",
    "hash_content",
    "open_folder",
    "open_reader",
    "read_text",
]

Place = str | Path | Folder  # a folder's path or URL
Source = str | Path | Readable  # or an address


def open_folder(place: Place) -> Folder:
    """Return a folder to read from and write to: a path, or a URL with file://, s3:// or gs://.

    Raises:
        InputError: the URL has another scheme, or no bucket.
    """
    if not isinstance(place, str | Path):
        return place
    if isinstance(place, Path) or "://" not in place:
        return LocalFolder(Path(place).resolve())
    parts = urlsplit(place)
    if parts.scheme == "file" and not parts.netloc:
        return LocalFolder(Path(unquote(parts.path)).resolve())
    if parts.scheme in SCHEMES and parts.netloc:
        return BucketFolder(place.rstrip("/"))
    only = " An address of a service can only be read." if place.startswith(WEB_SCHEMES) else ""
    raise InputError(f"expected a folder, or s3://BUCKET/FOLDER, gs://BUCKET/FOLDER; received {place!r}.{only}")


def open_reader(place: Source) -> Readable:
    """Return a folder to read from, as `open_folder` does, also one at http:// or https://.

    Raises:
        InputError: as `open_folder`.
        MissingDataError: `LD_DATA_OFFLINE` forbids to read an address.
    """
    if isinstance(place, str) and place.startswith(WEB_SCHEMES):
        if is_offline():
            raise MissingDataError(f"{OFFLINE_VARIABLE} forbids to read {place}. Unset it, or name a folder.")
        from ld_data.shards.folders.web import WebFolder  # late: the HTTP client takes 0.1 s to import

        return WebFolder(place)
    return open_folder(place) if isinstance(place, str | Path) else place


def read_text(folder: Readable, name: str, most_bytes: int) -> str:
    """Return the text of a file; raises as `Readable.open`, and `IntegrityError` if it is no UTF-8."""
    with folder.open(name, most_bytes) as file:
        try:
            return file.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise IntegrityError(f"{folder}/{name}: not UTF-8 text ({error}). Fetch it again.") from error


def hash_content(folder: Readable, name: str) -> str:
    """Return the sha256 of a file; raises as `Readable.open`."""
    with folder.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
