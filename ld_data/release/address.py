"""Releases and presets at an address: of a release of a service, or of a folder that any web server serves.

The cache folder keeps them in `KIND/<sha256 of the description>/`: the description (manifest.json or preset.json) and
the files that were asked for, each under its name after its hash was checked. Beside them
`KIND/addresses/<sha256 of the address>` holds the sha256 of the address' last description.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from ld_data.errors import DownloadError, InputError, LdDataError, MissingDataError, StorageError
from ld_data.release.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, SHA256, FileRecord, ReadRecords
from ld_data.remote.transfer import Content, fetch_bytes, fetch_file
from ld_data.settings import CACHE_VARIABLE, OFFLINE_VARIABLE, cache_folder, is_offline
from ld_data.storage.staging import stage_file

RELEASE_PATH = re.compile(r"/v1/datasets/[^/]+/*\Z")  # of a service
ABSENT = (404, 410)

_EXPECTED = "expected an address such as http://127.0.0.1:8000/v1/datasets/NAME"


def fetch_folder(address: str, readers: Mapping[str, ReadRecords], kind: str) -> Path:
    """Return the folder in the cache with a description at an address, and the files that it lists.

    `readers` holds the names that the description may have, the first found counts, and how to read from it the files
    to fetch. Whole files in the cache are not fetched again. With `LD_DATA_OFFLINE` the folder is that of the address'
    last description. `kind` is the name of the folder of such things in the cache.

    Raises:
        InputError: the address is malformed.
        DownloadError: the address does not deliver.
        IntegrityError: the description has an unknown format.
        MissingDataError: `LD_DATA_OFFLINE` forbids the download, and the cache does not hold these files.
        StorageError: the disk refuses.
    """
    kept = cache_folder() / kind
    last = kept / "addresses" / hashlib.sha256(address.rstrip("/").encode("utf-8", "replace")).hexdigest()
    if is_offline():
        return _find_kept(address, kept, last, readers)
    place, name, content = _fetch_description(address, list(readers), kind)
    sha256 = hashlib.sha256(content).hexdigest()
    records = readers[name](content.decode("utf-8", "replace"), join_address(place, name))
    try:
        for file, record in records.items():
            if not ((kept / sha256 / file).is_file() and FileRecord.of(kept / sha256 / file) == record):
                part = Content(file, [join_address(place, file)], record.sha256, size=record.size)
                fetch_file(part, kept / sha256 / file)
        _write(kept / sha256 / name, content)  # last: it marks the folder as whole
        _write(last, sha256.encode())
    except LdDataError:
        raise
    except OSError as error:
        raise StorageError(
            f"could not write the {kind} of {address} in {kept}: {error}. Free some space, or name another folder with "
            f"{CACHE_VARIABLE}."
        ) from error
    return kept / sha256


def _fetch_description(address: str, names: list[str], kind: str) -> tuple[str, str, bytes]:
    """Return the address of the folder with a description, the name of the description, and its bytes."""
    places = [(address, name) for name in names]
    if RELEASE_PATH.search(_split(address).path):
        places.insert(0, (join_address(address, "files"), MANIFEST_NAME))
    for folder, name in places:
        try:
            return folder, name, fetch_bytes(join_address(folder, name), MAX_MANIFEST_BYTES)
        except DownloadError as error:
            if error.status not in ABSENT:
                raise
    asked = " nor ".join(join_address(*place) for place in places)
    raise DownloadError(
        f"{address} has no {kind}: there is no {asked}. Name the address of a release, such as "
        f"http://127.0.0.1:8000/v1/datasets/NAME, or of a folder with {' or '.join(names)}."
    )


def join_address(address: str, name: str) -> str:
    """Return the address of a file in the folder at an address; the query of the folder's address stays.

    Raises:
        InputError: the address is malformed.
    """
    parts = _split(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name, safe='')}", fragment=""))


def _split(address: str) -> SplitResult:
    try:
        if (parts := urlsplit(address)).hostname and address.isprintable():
            return parts
    except ValueError as error:  # brackets that enclose no address
        raise InputError(f"{_EXPECTED}; received {address!r} ({error}).") from error
    raise InputError(f"{_EXPECTED}; received {address!r}.")


def _find_kept(address: str, kept: Path, last: Path, readers: Mapping[str, ReadRecords]) -> Path:
    """Return the folder of an address' last description; raise `MissingDataError` if it or a wanted file is missing."""
    sha256 = last.read_text("utf-8") if last.is_file() else ""
    folder = kept / (sha256 if SHA256.fullmatch(sha256) else "none")
    texts = {name: (folder / name).read_text("utf-8", "replace") for name in readers if (folder / name).is_file()}
    wanted = [file for name, text in texts.items() for file in readers[name](text, f"{folder / name}")]
    if not texts or not all((folder / file).is_file() for file in wanted):
        raise MissingDataError(
            f"the {kept.name} of {address} are not in {kept}, and {OFFLINE_VARIABLE} forbids the download. Unset it, "
            "or name a folder."
        )
    return folder


def _write(path: Path, content: bytes) -> None:
    with stage_file(path) as draft:
        draft.write_bytes(content)
