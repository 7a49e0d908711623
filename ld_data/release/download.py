"""Downloading a release from a running service."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from ld_data.checks import check_service
from ld_data.errors import IntegrityError, MissingDataError
from ld_data.release.folder import check_name, verify
from ld_data.release.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest
from ld_data.release.publication import check_source, check_target, publish, stage_release
from ld_data.remote.transfer import Content, fetch_bytes, fetch_file, fetch_to_cache, open_downloads
from ld_data.settings import OFFLINE_VARIABLE, is_offline


@dataclass(frozen=True)
class Delivery:
    """A downloaded release: its folder, its version, and whether it was fetched or was already there."""

    folder: Path
    version: str
    fetched: bool


def fetch_release(name: str, service: str, checkpoints: Path, replaces: bool = False) -> Delivery:
    """Return the place of a release after fetching its files from a service, checked against its manifest.

    A whole release in its place is not fetched again. If another process is fetching it, this one waits. The release
    takes its name when it is whole. After a failure the received parts stay in the cache, and the next download
    continues there. A release of another source in its place is only replaced if `replaces` is true.

    Raises:
        InputError: the name or the address is malformed, or the release in its place is of another source.
        DownloadError: the service does not deliver.
        MissingDataError: `LD_DATA_OFFLINE` forbids the download.
        IntegrityError: a received file differs from the manifest.
        StorageError: something else than a release has the name, or the disk refuses.
    """
    if is_offline():
        raise MissingDataError(f"{OFFLINE_VARIABLE} forbids the download of {name}. Unset it, then try again.")
    check_name(name)
    address = f"{check_service(service)}/v1/datasets/{quote(name, safe='')}/files"
    text = fetch_bytes(f"{address}/{MANIFEST_NAME}", MAX_MANIFEST_BYTES).decode("utf-8", "replace")
    manifest = Manifest.from_json(text, address)
    if manifest.name != name:
        raise IntegrityError(f"{address}: expected the manifest of {name}; received that of {manifest.name}.")
    target = checkpoints.resolve() / name
    check_target(target)
    here = Delivery(target, manifest.release_version, fetched=False)
    if _is_here(target, manifest):
        return here
    _check_replaced(target, manifest, replaces)
    with stage_release(target, wait=True) as staging:
        if _is_here(target, manifest):  # another process has fetched it meanwhile
            return here
        _check_replaced(target, manifest, replaces)
        _fetch_files(address, manifest, staging)
        (staging / MANIFEST_NAME).write_text(text, "utf-8")
        verify(staging)
        publish(staging, target)
    return replace(here, fetched=True)


def _is_here(target: Path, manifest: Manifest) -> bool:
    try:
        return target.exists() and verify(target) == manifest
    except IntegrityError:
        return False  # a damaged release is replaced


def _check_replaced(target: Path, manifest: Manifest, replaces: bool) -> None:
    """Raise `InputError` if the release in its place is of another source; one that is damaged may be replaced."""
    if not replaces:
        with suppress(IntegrityError):
            check_source(target, manifest.source)


def _fetch_files(address: str, manifest: Manifest, folder: Path) -> None:
    """Fetch the files of a release into a folder, first all of them into the cache, which survives a failure."""
    contents = [
        Content(file, [f"{address}/{quote(file, safe='')}"], record.sha256, etag=f'"{record.sha256}"', size=record.size)
        for file, record in manifest.files.items()
    ]
    with open_downloads(address) as client:
        for content in contents:
            fetch_to_cache(content, client)
        for content in contents:
            fetch_file(content, folder / content.title, client=client)
