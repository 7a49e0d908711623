"""Small files in the form of the "Variations on the MNIST digits", and what is in them."""

import numpy as np

PIXELS = 784
NOTATIONS = {
    "matlab": ("{:.7e}".format, "   ", "   ", "\n"),
    "single spaces": ("{:.7e}".format, "", " ", "\n"),
    "carriage returns": ("{:.7e}".format, " ", " ", "\r\n"),
    "short": ("{:.8g}".format, "", " ", "\n"),
    "full": (repr, "", "\t", "\n"),
}


def make_rows(rows, seed=0):
    """Rows of numbers `(rows, 785)` float64, pixels of all sizes, and classes behind them."""
    random = np.random.default_rng(seed)
    pixels = random.uniform(size=(rows, PIXELS)) ** random.integers(1, 40, (rows, 1))
    pixels[(random.uniform(size=pixels.shape) < 0.3) | (pixels < 1e-14)] = 0
    pixels[:, 0], pixels[:, 1] = 1, 1e-15
    return np.hstack([pixels, random.integers(0, 10, (rows, 1))])


def write_lines(table, notation="matlab"):
    """The bytes of an `.amat` file of these rows."""
    show, margin, gap, end = NOTATIONS[notation]
    return "".join(margin + gap.join(show(float(value)) for value in row) + end for row in table).encode()


def parse_slowly(content):
    """The numbers of an `.amat` file `(n, 785)` float32, as the obvious parser finds them."""
    return np.array([[float(word) for word in line.split()] for line in content.decode().splitlines()], np.float32)
