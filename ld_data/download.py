"""Downloading a release from a running service."""

from pathlib import Path
from urllib.parse import quote

import httpx2

from ld_data.errors import DownloadError, IntegrityError, MissingDataError
from ld_data.fetch import TIMEOUT_SECONDS, fetch_file
from ld_data.locations import OFFLINE_VARIABLE, is_offline
from ld_data.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest
from ld_data.release import check_name, check_target, publish, verify
from ld_data.staging import make_staging_folder


def download_release(name: str, service: str, checkpoints: Path) -> Path:
    """Return the folder of a release after fetching its files from a service, checked against its manifest.

    What is here already, and whole, is not fetched again. The release takes its name only once it is whole. Raises
    `DownloadError` if the service does not deliver, `MissingDataError` if `LD_DATA_OFFLINE` forbids it,
    `IntegrityError` if what came is not what the manifest says.
    """
    if is_offline():
        raise MissingDataError(f"{OFFLINE_VARIABLE} forbids to download {name}. Unset it, then try again.")
    check_name(name)
    address = f"{service.rstrip('/')}/v1/datasets/{quote(name, safe='')}/files"
    text = _fetch_manifest(f"{address}/{MANIFEST_NAME}")
    manifest = Manifest.from_json(text, Path(address))
    if manifest.name != name:
        raise IntegrityError(f"{address}: expected the manifest of {name}; received that of {manifest.name}.")
    target = checkpoints.resolve() / name
    check_target(target)
    if _is_here(target, manifest):
        return target
    with make_staging_folder(target.parent, name) as staging:
        for file, record in manifest.files.items():
            fetch_file([f"{address}/{quote(file, safe='')}"], staging / file, record.sha256)
        (staging / MANIFEST_NAME).write_text(text, "utf-8")
        verify(staging)
        publish(staging, target)
    return target


def _is_here(target: Path, manifest: Manifest) -> bool:
    try:
        return target.exists() and verify(target) == manifest
    except IntegrityError:
        return False  # what is here is damaged, and is replaced


def _fetch_manifest(address: str) -> str:
    try:
        response = httpx2.get(address, timeout=TIMEOUT_SECONDS, follow_redirects=True).raise_for_status()
    except httpx2.HTTPStatusError as error:
        raise DownloadError(f"{address} answered {error.response.status_code}: {error.response.text[:200]}") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise DownloadError(f"no answer from {address}: {error}. Is a service running there?") from error
    if len(response.content) > MAX_MANIFEST_BYTES:
        raise DownloadError(
            f"{address}: expected at most {MAX_MANIFEST_BYTES} bytes; received {len(response.content)}."
        )
    return response.text
