"""The seasons of the challenge track in the service: their rows, drawn once, and the ranks of their entries."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np

from api.releases.catalogue import Catalogue, ServedRelease
from eval.leaderboard.challenge import Season, draw_rows
from eval.leaderboard.entries import Entry
from eval.leaderboard.store import Store
from eval.leaderboard.submission import fold_name
from ld_data.errors import UnknownNameError
from ld_data.fingerprint import describe_fingerprint
from ld_data.release.dataset import LatentDataset
from ld_data.storage.arrays import read_npy


@dataclass(frozen=True)
class SeasonRows:
    """A season, and the release's dataset with the season's rows as its test rows; their x also as float32 `.npy`."""

    season: Season
    data: LatentDataset = field(repr=False)
    x_npy: bytes = field(repr=False)


class Challenges:
    """The challenges of a service; each process draws the rows of a season once, and one season at a time."""

    def __init__(self, catalogue: Catalogue, store: Store, rows: int) -> None:
        """Serve a catalogue and a store; seasons that this service opens have so many rows."""
        self._catalogue, self._store, self._rows, self._lock = catalogue, store, rows, Lock()
        self._drawn: dict[str, SeasonRows] = {}

    def find(self, name: str) -> ServedRelease:
        """Return a release that has a challenge.

        Raises:
            UnknownNameError: if there is no such release, or its source cannot generate new rows.
        """
        release = self._catalogue.find(name)
        if not release.has_challenge:
            others = [other.manifest.name for other in self._catalogue.ready if other.has_challenge]
            known = f"{', '.join(others) or 'no release'} {'have' if len(others) > 1 else 'has'} one"
            raise UnknownNameError(
                f"{name} has no challenge track, since no inputs of secret classes can be drawn for it; here {known}."
            )
        return release

    def find_season(self, release: ServedRelease, number: int | None = None) -> Season:
        """Return a season by its number, or the open one.

        Raises:
            UnknownNameError: if there is no season of that number.
        """
        current = self._store.open_season(*release.version, self._rows)
        if number in (None, current.number):
            return current
        for season in self._store.list_seasons(*release.version):
            if season.number == number:
                return season
        raise UnknownNameError(f"{release.manifest.name} has no season {number}; the open one is {current.number}.")

    def draw(self, release: ServedRelease) -> SeasonRows:
        """Return the open season with its rows."""
        season, name = self.find_season(release), release.manifest.name
        with self._lock:
            drawn = self._drawn.get(name)
            if drawn is None or drawn.season.secret != season.secret:
                split = draw_rows(season.secret, release.manifest.source["name"], release.codec, season.rows)
                if season.x_sha256 is None:
                    season = self._store.keep_x(season, split.x.astype(np.float32), describe_fingerprint())
                x_npy = self._store.read_x(season)
                data = replace(release.data, test=replace(split, x=read_npy(x_npy)))
                drawn = self._drawn[name] = SeasonRows(season, data, x_npy)
            return drawn

    def compare(self, release: ServedRelease, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """Return entries as flat objects, with the rank of the best public entry of the same name and url, and the gap.

        The gap is the challenge rank minus the public rank: above 0 for a model that does worse on secret labels.
        """
        rows = [entry.to_json() for entry in entries]
        public = self._store.rank_names(*release.version, {row["name"] for row in rows}) if rows else {}
        for row, entry in zip(rows, entries, strict=True):
            row["public_rank"] = place = public.get((fold_name(row["name"]), row["url"]))
            row["rank_gap"] = None if entry.rank is None or place is None else entry.rank - place
        return rows
