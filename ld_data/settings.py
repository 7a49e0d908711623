"""The folders that LD-Data reads and writes, the address of the service, and the variables that change them."""

import os
from collections.abc import Mapping
from pathlib import Path

HOME_VARIABLE = "LD_DATA_HOME"
CACHE_VARIABLE = "LD_DATA_CACHE"
CHECKPOINTS_VARIABLE = "LD_DATA_CHECKPOINTS"
OFFLINE_VARIABLE = "LD_DATA_OFFLINE"
SCORES_VARIABLE = "LD_DATA_SCORES"
SERVICE_VARIABLE = "LD_DATA_SERVICE"
DEFAULT_SERVICE = "http://127.0.0.1:8000"


def data_home(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder that is searched for raw data before any download (`LD_DATA_HOME`), or None."""
    folder = environment.get(HOME_VARIABLE)
    return Path(folder).expanduser() if folder else None


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of downloads: `LD_DATA_CACHE`, else `ld-data` in the user's cache folder."""
    if folder := environment.get(CACHE_VARIABLE):
        return Path(folder).expanduser()
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "ld-data"


def checkpoints_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the releases: `LD_DATA_CHECKPOINTS`, else `checkpoints` in the checkout.

    An installed package without a checkout around it uses `checkpoints` in the cache folder.
    """
    if folder := environment.get(CHECKPOINTS_VARIABLE):
        return Path(folder).expanduser()
    checkout = Path(__file__).resolve().parent.parent / "checkpoints"
    return checkout if checkout.is_dir() else cache_folder(environment) / "checkpoints"


def scores_place(checkpoints: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return the leaderboard's file or database URL: `LD_DATA_SCORES`, else `scores.sqlite` beside the releases."""
    return environment.get(SCORES_VARIABLE) or str(checkpoints.parent / "scores.sqlite")


def service_address(environment: Mapping[str, str] = os.environ) -> str:
    """Return the service's default address: `LD_DATA_SERVICE`, else port 8000 of this machine."""
    return environment.get(SERVICE_VARIABLE) or DEFAULT_SERVICE


def is_offline(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether `LD_DATA_OFFLINE` forbids downloads (any value but empty and 0)."""
    return environment.get(OFFLINE_VARIABLE, "0") not in ("", "0")
