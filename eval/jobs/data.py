"""Datasets by reference: another process loads a release by its name, and compares the hash."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from ld_data.errors import IntegrityError, LdDataError
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import load
from ld_data.storage.hashing import hash_arrays

CACHED = 2  # datasets of a worker


@dataclass(frozen=True)
class Reference:
    """A dataset that a process loads itself.

    Attributes:
        place: name, folder or address of the release.
        rows: the first so many training rows.
        noise_free: whether the class means are in the place of y in the training rows.
        hashes: of `hash_data`.
    """

    place: str
    rows: int
    noise_free: bool
    hashes: tuple[str, str]

    def load(self) -> LatentDataset:
        """Return the dataset.

        Raises:
            IntegrityError: the release has other arrays here.
            LdDataError: as `ld_data.load`.
        """
        data = load(self.place)
        train = data.train.take(self.rows)
        data = replace(data, train=replace(train, y=train.y_mean) if self.noise_free else train)
        if hash_data(data) != self.hashes:
            raise IntegrityError(
                f"the release at {self.place} has other arrays on this worker than where the command runs. Install the "
                "same version of it on all machines."
            )
        return data


Sent: TypeAlias = LatentDataset | Reference


def hash_data(data: LatentDataset) -> tuple[str, str]:
    """Return the sha256 of the test set and of the training rows: a fit and its score depend on these."""
    return data.test_sha256, hash_arrays(data.train.x, data.train.y, data.train.label)


def refer(data: LatentDataset) -> Sent:
    """Return a reference to a dataset; where it is no part of a release, the dataset itself, which is then sent."""
    if not data.place or data.shift:
        return data
    noise_free = np.array_equal(data.train.y, data.train.y_mean)
    reference = Reference(data.place, len(data.train), noise_free, hash_data(data))
    try:
        reference.load()
    except LdDataError:
        return data
    return reference


def open_data(sent: Sent) -> LatentDataset:
    """Return the dataset of a reference, loaded once in each process; another one as it is."""
    return _load(sent) if isinstance(sent, Reference) else sent


_load = lru_cache(CACHED)(Reference.load)
