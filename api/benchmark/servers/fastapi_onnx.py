"""FastAPI, lists, and the decoder of the release on ONNX Runtime."""

import sys
from pathlib import Path

import vae
from api.benchmark.servers.lists import serve_lists


def main(folder: Path, port: int) -> None:
    """Serve until the process is ended."""
    serve_lists(vae.load(folder).x.run_decoder, port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
