"""FastAPI, lists, and the decoder in Keras: called directly, or by `predict`."""

import sys
from functools import partial
from pathlib import Path

from keras import ops

from api.benchmark.servers.keras_decoder import make_decoder
from api.benchmark.servers.lists import serve_lists


def main(folder: Path, port: int, way: str) -> None:
    """Serve until the process is ended; the way is "direct" or "predict"."""
    decoder = make_decoder(folder)
    if way == "predict":
        serve_lists(partial(decoder.predict, verbose=0), port)
    else:
        serve_lists(lambda latents: ops.convert_to_numpy(decoder(latents)), port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
