"""The folders that LD-Data reads and writes, the address of the service, and the variables that change them."""

import os
from pathlib import Path

from ld_data.errors import StorageError

HOME_VARIABLE = "LD_DATA_HOME"
CACHE_VARIABLE = "LD_DATA_CACHE"
CHECKPOINTS_VARIABLE = "LD_DATA_CHECKPOINTS"
OFFLINE_VARIABLE = "LD_DATA_OFFLINE"
SCORES_VARIABLE = "LD_DATA_SCORES"
SERVICE_VARIABLE = "LD_DATA_SERVICE"
MIRROR_VARIABLE = "LD_DATA_MIRROR"
DEFAULT_SERVICE = "http://127.0.0.1:8000"


def data_home() -> Path | None:
    """Return the folder that is searched for raw data before any download (`LD_DATA_HOME`), or None.

    If the variable names a file, it is the folder of that file.
    """
    home = _read_folder(HOME_VARIABLE)
    return home.parent if home and os.path.isfile(home) else home


def cache_folder() -> Path:
    """Return the folder of downloads: `LD_DATA_CACHE`, else `ld-data` in the user's cache folder.

    Raises:
        StorageError: the user has no home folder, as in some containers, and no variable names another folder.
    """
    own = _read_folder(CACHE_VARIABLE)
    return own or _expand(os.environ.get("XDG_CACHE_HOME") or "~/.cache", CACHE_VARIABLE) / "ld-data"


def checkpoints_folder() -> Path:
    """Return the folder of the releases: `LD_DATA_CHECKPOINTS`, else `checkpoints` in the checkout.

    An installed package without a checkout around it uses `checkpoints` in the cache folder; raises as that.
    """
    checkout = Path(__file__).resolve().parent.parent / "checkpoints"
    return _read_folder(CHECKPOINTS_VARIABLE) or (checkout if checkout.is_dir() else cache_folder() / "checkpoints")


def scores_place(checkpoints: Path) -> str:
    """Return the leaderboard's file or database URL: `LD_DATA_SCORES`, else `scores.sqlite` beside the releases."""
    return os.environ.get(SCORES_VARIABLE) or str(checkpoints.parent / "scores.sqlite")


def service_address() -> str:
    """Return the service's default address: `LD_DATA_SERVICE`, else port 8000 of this machine."""
    return os.environ.get(SERVICE_VARIABLE) or DEFAULT_SERVICE


def list_mirrors() -> list[str]:
    """Return the addresses of `LD_DATA_MIRROR`, which spaces separate, in the order in which downloads try them."""
    return os.environ.get(MIRROR_VARIABLE, "").split()


def is_offline() -> bool:
    """Return whether `LD_DATA_OFFLINE` forbids downloads (any value but empty and 0)."""
    return os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0")


def _read_folder(variable: str) -> Path | None:
    folder = os.environ.get(variable)
    return _expand(folder, variable) if folder else None


def _expand(folder: str, variable: str) -> Path:
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise StorageError(
            f"{folder} lies in a home folder, and this user has none. Name another folder in {variable}."
        ) from error
