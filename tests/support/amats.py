"""Small files and archives in the format of the "Variations on the MNIST digits", and their numbers."""

import zipfile
from dataclasses import replace

import numpy as np

from ld_data.storage.hashing import hash_file
from ld_data.variations.archive import PUBLICATIONS

PIXELS = 784
TRAIN, TEST = 12, 50  # rows of the small sets
NOTATIONS = {
    "matlab": ("{:.7e}".format, "   ", "   ", "\n"),
    "single spaces": ("{:.7e}".format, "", " ", "\n"),
    "carriage returns": ("{:.7e}".format, " ", " ", "\r\n"),
    "short": ("{:.8g}".format, "", " ", "\n"),
    "full": (repr, "", "\t", "\n"),
}


def make_rows(rows, seed=0):
    """Return rows `(rows, 785)` float64: pixels of all sizes, and the class."""
    random = np.random.default_rng(seed)
    pixels = random.uniform(size=(rows, PIXELS)) ** random.integers(1, 40, (rows, 1))
    pixels[(random.uniform(size=pixels.shape) < 0.3) | (pixels < 1e-14)] = 0
    pixels[:, 0], pixels[:, 1] = 1, 1e-15
    return np.hstack([pixels, random.integers(0, 10, (rows, 1))])


def write_lines(table, notation="matlab"):
    """Return the bytes of an `.amat` file with these rows."""
    show, margin, gap, end = NOTATIONS[notation]
    return "".join(margin + gap.join(show(float(value)) for value in row) + end for row in table).encode()


def parse_slowly(content):
    """Return the numbers `(n, 785)` float32 of an `.amat` file by the obvious parser."""
    return np.array([[float(word) for word in line.split()] for line in content.decode().splitlines()], np.float32)


def write_archive(path, contents, name="mnist-rot"):
    """Write the archive of a set from the bytes of its two files; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in zip(_name_files(name), contents, strict=True):
            archive.writestr(zipfile.ZipInfo(file), content)
    return path


def write_files(folder, contents, name="mnist-rot"):
    """Write the two files of a set into a folder."""
    folder.mkdir(exist_ok=True)
    for file, content in zip(_name_files(name), contents, strict=True):
        (folder / file).write_bytes(content)


def publish(monkeypatch, path, name="mnist-rot"):
    """Make an archive the published one of a set; return its sha1."""
    sha1 = hash_file(path, "sha1")
    monkeypatch.setitem(PUBLICATIONS, name, replace(PUBLICATIONS[name], sha1=sha1))
    return sha1


def list_cached(home):
    """Return the names of the cached files."""
    folder = home / "variations"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _name_files(name):
    return PUBLICATIONS[name].train_file, PUBLICATIONS[name].test_file
