"""Releases laid out for a data hub: a folder for each, at once a dataset repository, a mirror and a release."""

import shutil
from pathlib import Path

from ld_data.export.formats import write_format
from ld_data.release.folder import check_settled, find_release, load_verified
from ld_data.release.manifest import MANIFEST_NAME
from ld_data.storage.staging import stage_new_folder


def publish_release(name: str | Path, folder: Path) -> Path:
    """Return the new folder `folder/NAME` with the files of a release, its Parquet tables, card and Croissant.

    On Hugging Face it is a dataset repository as it stands: the card has the front matter that `datasets` reads. The
    address of its files, and that of the same folder on any web server, is a mirror of `LD_DATA_MIRROR`.

    Raises:
        UnknownNameError: there is no such release.
        IntegrityError: the release is damaged, or was replaced by another meanwhile.
        InputError: the folder exists.
        StorageError: the disk refuses.
        MissingLibraryError: pyarrow is not installed.
    """
    manifest, data = load_verified(name)
    source, target = find_release(name), folder / manifest.name
    folder.mkdir(parents=True, exist_ok=True)
    with stage_new_folder(target) as staging:
        for file in (*manifest.files, MANIFEST_NAME):
            shutil.copyfile(source / file, staging / file)
        check_settled(source, manifest)
        write_format(data, manifest, "parquet", staging)
    return target
