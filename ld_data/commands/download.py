"""The command that fetches a release."""

from dataclasses import asdict

from ld_data.cli.options import Checkpoints, FromService, Json, ReleaseAtService, Replace
from ld_data.cli.output import print_result
from ld_data.release.download import fetch_release
from ld_data.settings import CHECKPOINTS_VARIABLE, checkpoints_folder, list_mirrors, service_address


def download(
    name: ReleaseAtService,
    /,
    *,
    service: FromService = None,
    checkpoints: Checkpoints = None,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Fetch a release from a mirror or a service."""
    folder = checkpoints or checkpoints_folder()
    mirrors = list_mirrors() if service is None else []
    delivery = fetch_release(name, service or service_address(), folder, replace, mirrors)
    facts = {"name": name} | asdict(delivery) | {"folder": str(delivery.folder)}
    if delivery.fetched:
        text = f"downloaded and verified {delivery.folder}, version {delivery.version}, from {delivery.place}"
    else:
        text = f"{delivery.folder}, version {delivery.version}, is here already and as published: nothing was fetched"
    if folder.resolve() != checkpoints_folder().resolve():
        text += f"\nload it by this folder, or by its name with {CHECKPOINTS_VARIABLE}={folder}"
    print_result(facts, text, as_json)
