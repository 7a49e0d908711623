"""Kept baselines as rows of a leaderboard, without ranks."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from api.errors import NotReadyError
from api.releases.catalogue import ServedRelease
from api.releases.served_files import Stamp, read_stamp
from eval.intervals import measure_spread
from eval.kept.baselines import FIGURES, BaselineRow, find_rows, table_path
from eval.kept.rules import trials_path
from eval.names import AIDED
from ld_data.errors import IntegrityError, MissingDataError

logger = logging.getLogger(__name__)


def read_baselines(found: ServedRelease) -> list[BaselineRow]:
    """Return the kept baselines of a release's version, lowest noise-free MSE first; none if none are kept.

    Raises:
        NotReadyError: if they cannot be read.
    """
    name = found.manifest.name
    paths = (make_path(name, found.checkpoints) for make_path in (table_path, trials_path))
    try:
        rows = _read_rows(name, found.data.test_sha256, found.checkpoints, tuple(map(identify, paths)))
    except OSError as error:  # its message names a path of the service, as that of a damaged table does
        logger.error("the baselines of %s are not served: %s", name, error)
        rows = None
    if rows is None:
        raise NotReadyError(f"the baselines of {name} cannot be read; the operator finds the cause in the log.")
    return list(rows)


def identify(path: Path) -> Stamp | None:
    """Return what changes when a file is replaced; None if there is none."""
    return read_stamp(path) if path.is_file() else None


@lru_cache(maxsize=64)
def _read_rows(
    name: str, data_sha256: str, checkpoints: Path, files: tuple[Stamp | None, ...]
) -> tuple[BaselineRow, ...] | None:
    """Return the kept rows, read once for each state of the `files`; None, and a line in the log, if one is damaged."""
    try:
        rows = find_rows(name, data_sha256, checkpoints)
    except MissingDataError:
        return ()
    except IntegrityError as error:
        logger.error("the baselines of %s are not served: %s", name, error)
        return None
    return tuple(sorted(rows, key=lambda row: row.summary.noise_free_mse.mean))


def list_references(found: ServedRelease) -> list[dict[str, Any]]:
    """Return the baselines that learn from pairs (x, y) alone; none if they cannot be read: the board needs none."""
    try:
        rows = read_baselines(found)
    except NotReadyError:
        return []
    return [_describe(row) for row in rows if row.name not in AIDED]


def _describe(row: BaselineRow) -> dict[str, Any]:
    spreads, seeds = {name: getattr(row.summary, name) for name in FIGURES}, len(row.seeds)
    facts = {"name": row.name, "seeds": seeds, "null": row.null, "floor": row.floor}
    intervals = {name: measure_spread(spread, seeds) for name, spread in spreads.items()}
    return facts | {name: spread.mean for name, spread in spreads.items()} | {"intervals": intervals}
