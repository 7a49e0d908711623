"""Kept baselines as rows of a leaderboard, without ranks."""

import logging
from typing import Any

from api.errors import NotReadyError
from api.releases.catalogue import ServedRelease
from eval.intervals import measure_spread
from eval.kept.baselines import FIGURES, BaselineRow, find_rows
from eval.names import AIDED
from ld_data.errors import IntegrityError, MissingDataError

logger = logging.getLogger(__name__)


def read_baselines(found: ServedRelease) -> list[BaselineRow]:
    """Return the kept baselines of a release's version, lowest noise-free MSE first; none if none are kept.

    Raises:
        NotReadyError: if they cannot be read.
    """
    try:
        rows = find_rows(found.manifest.name, found.data.test_sha256, found.checkpoints)
    except MissingDataError:
        return []
    except (IntegrityError, OSError) as error:  # its message names a path of the service
        name = found.manifest.name
        logger.error("the baselines of %s are not served: %s", name, error)
        raise NotReadyError(
            f"the baselines of {name} cannot be read; the operator finds the cause in the log."
        ) from None
    return sorted(rows, key=lambda row: row.summary.noise_free_mse.mean)


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
