"""Models from an address: of a release of a service, or of a folder that any web server serves.

The cache folder keeps them in `models/<sha256 of the description>/`: the description (manifest.json or preset.json) and
the models' files that it lists, each under its name after its hash was checked. Beside them
`models/addresses/<sha256 of the address>` holds the sha256 of the address' last description.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from ld_data.errors import DownloadError, InputError, LdDataError, MissingDataError, StorageError
from ld_data.release.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, SHA256, FileRecord, Manifest
from ld_data.remote.transfer import Content, fetch_bytes, fetch_file
from ld_data.settings import CACHE_VARIABLE, OFFLINE_VARIABLE, cache_folder, is_offline
from ld_data.storage.staging import stage_file
from vae.preset import PRESET_NAME, Preset

RELEASE_PATH = re.compile(r"/v1/datasets/[^/]+/*\Z")  # of a service
ABSENT = (404, 410)

_EXPECTED = "expected an address such as http://127.0.0.1:8000/v1/datasets/NAME"


def fetch_models(address: str, names: Collection[str]) -> Path:
    """Return the folder in the cache with the models of an address: the description, and the files that it lists.

    A release also holds data: only its files among `names` are fetched. Whole files in the cache are not fetched again.
    With `LD_DATA_OFFLINE` the folder is that of the address' last description.

    Raises:
        InputError: the address is malformed.
        DownloadError: the address does not deliver.
        IntegrityError: the description has an unknown format.
        MissingDataError: `LD_DATA_OFFLINE` forbids the download, and the cache holds nothing of the address.
        StorageError: the disk refuses.
    """
    kept = cache_folder() / "models"
    last = kept / "addresses" / hashlib.sha256(address.rstrip("/").encode("utf-8", "replace")).hexdigest()
    if is_offline():
        return _find_kept(address, kept, last)
    place, name, content = _fetch_description(address)
    sha256 = hashlib.sha256(content).hexdigest()
    records = _read_records(join_address(place, name), name, content, names)
    try:
        for file, record in records.items():
            if not ((kept / sha256 / file).is_file() and FileRecord.of(kept / sha256 / file) == record):
                models = Content(file, [join_address(place, file)], record.sha256, size=record.size)
                fetch_file(models, kept / sha256 / file)
        _write(kept / sha256 / name, content)  # last: it marks the folder as whole
        _write(last, sha256.encode())
    except LdDataError:
        raise
    except OSError as error:
        raise StorageError(
            f"could not write the models of {address} in {kept}: {error}. Free some space, or name another folder with "
            f"{CACHE_VARIABLE}."
        ) from error
    return kept / sha256


def _fetch_description(address: str) -> tuple[str, str, bytes]:
    """Return the address of the folder with a manifest or a preset, the name of that description, and its bytes."""
    places = [(address, MANIFEST_NAME), (address, PRESET_NAME)]
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
        f"{address} has no models: there is no {asked}. Name the address of a release, such as "
        f"http://127.0.0.1:8000/v1/datasets/NAME, or of a folder with {MANIFEST_NAME} or {PRESET_NAME}."
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


def _read_records(place: str, name: str, content: bytes, names: Collection[str]) -> Mapping[str, FileRecord]:
    """Return the records of the models' files: all files of a preset, those among `names` of a release."""
    text = content.decode("utf-8", "replace")
    if name == PRESET_NAME:
        return Preset.from_json(text, place).files
    files = Manifest.from_json(text, place).files
    return {file: files[file] for file in names if file in files}


def _find_kept(address: str, kept: Path, last: Path) -> Path:
    """Return the folder of an address' last description; raise `MissingDataError` if there is none."""
    sha256 = last.read_text("utf-8") if last.is_file() else ""
    if not SHA256.fullmatch(sha256) or not (kept / sha256).is_dir():
        raise MissingDataError(
            f"the models of {address} are not in {kept}, and {OFFLINE_VARIABLE} forbids the download. Unset it, or "
            "name a folder."
        )
    return kept / sha256


def _write(path: Path, content: bytes) -> None:
    with stage_file(path) as draft:
        draft.write_bytes(content)
