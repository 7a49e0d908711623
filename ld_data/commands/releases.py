"""Commands about installed releases: list, export, publish."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ld_data.cli.options import Checkpoints, Folder, Json, Release
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.errors import LdDataError
from ld_data.export.formats import FORMATS, export_dataset
from ld_data.export.hub import publish_release
from ld_data.release import folder as releases
from ld_data.release.manifest import FileRecord, read_manifest
from ld_data.settings import CHECKPOINTS_VARIABLE, MIRROR_VARIABLE, checkpoints_folder

Row = dict[str, Any]


def list_all(*, checkpoints: Checkpoints = None, as_json: Json = False) -> None:
    """List the installed releases."""
    folder = checkpoints or checkpoints_folder()
    rows = [_summarise(name, folder / name) for name in releases.list_releases(folder)]
    empty = (
        f"no releases in {folder}; fetch one with `python -m ld_data download NAME`, or build one with "
        f"`python -m ld_data build SOURCE`. {CHECKPOINTS_VARIABLE} names another folder, as that of a clone"
    )
    print_result(rows, _format_rows(rows) if rows else empty, as_json, red=["broken:"])


def _summarise(name: str, folder: Path) -> Row:
    try:
        manifest = read_manifest(releases.find_release(folder))
    except LdDataError as error:
        return {"name": name, "error": str(error)}
    return {
        "name": name,
        "version": manifest.release_version,
        "train": manifest.arrays["x_train"].shape[0],
        "test": manifest.arrays["x_test"].shape[0],
        "latent_dim": manifest.latent_dim,
        "licence": manifest.licence,
    }


def _format_rows(rows: list[Row]) -> str:
    """Return the table of the whole releases, and a line for each broken one."""
    whole = [tuple(row.values()) for row in rows if "error" not in row]
    headers = ("release", "version", "train", "test", "d", "licence")
    parts = [format_table(headers, whole, "llrrrl")] if whole else []
    return "\n".join([*parts, *(f"{row['name']}  broken: {row['error']}" for row in rows if "error" in row)])


def export(
    release: Release,
    /,
    *,
    form: Annotated[str, Parameter(name="--format", choices=tuple(FORMATS), help="The format of the files.")],
    out: Folder | None = None,
    as_json: Json = False,
) -> None:
    """Write a release as Parquet, safetensors, CSV, .npz or .npy files.

    Args:
        out: The folder to write; NAME-FORMAT by default.
    """
    data = releases.load(release)
    paths = export_dataset(data, form, out or Path(f"{data.name}-{form}"))
    files = {str(path): FileRecord.of(path) for path in paths}
    text = "\n".join(f"{record.sha256}  {path}" for path, record in files.items())
    print_result({path: asdict(record) for path, record in files.items()}, text, as_json)


def publish(*names: Release, to: Annotated[Folder, Parameter(name="--to")], as_json: Json = False) -> None:
    """Lay releases out for a data hub or a web server.

    Args:
        names: The releases; all that are installed by default.
        to: The folder to write into; each release gets a folder there, with its files, Parquet, card and Croissant.
    """
    folders = [str(publish_release(name, to)) for name in names or releases.list_releases()]
    lines = [f"wrote {folder}" for folder in folders]
    lines.append(
        f"{to} on a web server is a mirror, {MIRROR_VARIABLE}=ADDRESS; on Hugging Face each folder is a dataset:"
    )
    lines += [f"  hf upload --repo-type dataset ORGANISATION/{Path(folder).name} {folder} ." for folder in folders]
    print_result({"folders": folders}, "\n".join(lines), as_json)
