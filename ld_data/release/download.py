"""Downloading a release from a running service, or from the first of several mirrors that delivers it."""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from ld_data.checks import check_service
from ld_data.errors import DownloadError, IntegrityError, MissingDataError
from ld_data.release.address import join_address
from ld_data.release.folder import check_name, verify
from ld_data.release.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest
from ld_data.release.publication import check_source, check_target, publish, stage_release
from ld_data.remote.transfer import Content, fetch_bytes, fetch_file, fetch_to_cache, open_downloads
from ld_data.settings import MIRROR_VARIABLE, OFFLINE_VARIABLE, is_offline


@dataclass(frozen=True)
class Delivery:
    """A downloaded release.

    Attributes:
        folder: of the release.
        version: of the release.
        fetched: false if it was there already.
        place: the address of the folder with its manifest.
    """

    folder: Path
    version: str
    fetched: bool
    place: str


def fetch_release(
    name: str, service: str, checkpoints: Path, replaces: bool = False, mirrors: Sequence[str] = ()
) -> Delivery:
    """Return the place of a release after fetching its files, checked against its manifest.

    The mirrors are tried before the service, in their order: the first one with a whole manifest decides the version,
    and each file comes from the first one that sends it with the hash in the manifest. A mirror is any web server: the
    address of a folder of releases, or of one release with `{release}` in the place of its name.

    A whole release in its place is not fetched again. If another process is fetching it, this one waits. The release
    takes its name when it is whole. After a failure the received parts stay in the cache, and the next download
    continues there. A release of another source in its place is only replaced if `replaces` is true.

    Raises:
        InputError: the name or the address is malformed, or the release in its place is of another source.
        DownloadError: neither mirrors nor service deliver.
        MissingDataError: `LD_DATA_OFFLINE` forbids the download.
        IntegrityError: a received file differs from the manifest.
        StorageError: something else than a release has the name, or the disk refuses.
    """
    if is_offline():
        raise MissingDataError(f"{OFFLINE_VARIABLE} forbids the download of {name}. Unset it, then try again.")
    check_name(name)
    own = f"{check_service(service)}/v1/datasets/{quote(name, safe='')}/files"
    places = [*(_find_place(mirror, name) for mirror in mirrors), own]
    place, text, manifest = _find_manifest(name, places)
    target = checkpoints.resolve() / name
    check_target(target)
    here = Delivery(target, manifest.release_version, fetched=False, place=place)
    if _is_here(target, manifest):
        return here
    _check_replaced(target, manifest, replaces)
    with stage_release(target, wait=True) as staging:
        if _is_here(target, manifest):  # another process has fetched it meanwhile
            return here
        _check_replaced(target, manifest, replaces)
        _fetch_files([place, *(other for other in places if other != place)], manifest, staging)
        (staging / MANIFEST_NAME).write_text(text, "utf-8")
        verify(staging)
        publish(staging, target)
    return replace(here, fetched=True)


def _find_place(mirror: str, name: str) -> str:
    """Return the address of the folder of a release at a mirror."""
    address = check_service(mirror)
    return address.replace("{release}", name) if "{release}" in address else join_address(address, name)


def _find_manifest(name: str, places: Sequence[str]) -> tuple[str, str, Manifest]:
    """Return the first place with a whole manifest of a release, the manifest's text, and the manifest."""
    failures = []
    for place in places:
        try:
            text = fetch_bytes(join_address(place, MANIFEST_NAME), MAX_MANIFEST_BYTES).decode("utf-8", "replace")
            manifest = Manifest.from_json(text, place)
            if manifest.name != name:
                raise IntegrityError(f"{place}: expected the manifest of {name}; received that of {manifest.name}.")
        except (DownloadError, IntegrityError) as error:
            if len(places) == 1:
                raise
            failures.append(f"\n  {error}")
        else:
            return place, text, manifest
    raise DownloadError(
        f"none of {len(places)} places has {name}. They are those in {MIRROR_VARIABLE}, and then the service:"
        f"{''.join(failures)}"
    )


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


def _fetch_files(places: Sequence[str], manifest: Manifest, folder: Path) -> None:
    """Fetch the files of a release into a folder, first all of them into the cache, which survives a failure.

    A single place is a service, whose ETags are hashes, and has one connection for all files.
    """
    is_service = len(places) == 1
    contents = [
        Content(
            file,
            [join_address(place, file) for place in places],
            record.sha256,
            etag=f'"{record.sha256}"' if is_service else "",
            size=record.size,
        )
        for file, record in manifest.files.items()
    ]
    with open_downloads(places[0]) if is_service else nullcontext() as client:
        for content in contents:
            fetch_to_cache(content, client)
        for content in contents:
            fetch_file(content, folder / content.title, client=client)
