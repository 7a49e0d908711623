"""The decoder in Keras in this process: called directly, and by `predict`, on one row."""

import sys
from functools import partial
from pathlib import Path

import numpy as np

from api.benchmark.servers.keras_decoder import make_decoder
from api.benchmark.turns import serve_turns


def main(folder: Path) -> None:
    """Serve turns."""
    decoder = make_decoder(folder)
    row = np.zeros((1, decoder.vae.config.latent_dim), np.float32)
    serve_turns({"direct": partial(decoder, row), "predict": partial(decoder.predict, row, verbose=0)}, {})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
