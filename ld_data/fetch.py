"""Downloads: to a temporary file, checked against a hash, then renamed, so that a name never holds half a file."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import httpx2
from tqdm import tqdm

from ld_data.errors import DownloadError, MissingDataError
from ld_data.locations import HOME_VARIABLE, OFFLINE_VARIABLE, is_offline

TRIES_PER_MIRROR = 2
TIMEOUT_SECONDS = 30.0
PAUSE_SECONDS = 1.0


def fetch_file(
    urls: Sequence[str],
    path: Path,
    digest: str,
    *,
    algorithm: str = "sha256",
    searched: Sequence[Path] = (),
    client: httpx2.Client | None = None,
) -> Path:
    """Return `path` after downloading it from the first of the mirrors `urls` that delivers content with that hash.

    The hash is a sha256, or what hashlib calls `algorithm`. Each mirror is tried twice. Raises `MissingDataError` when
    `LD_DATA_OFFLINE` forbids it, with the places that were `searched` before, and `DownloadError` with every mirror's
    answer when none delivered; then nothing is left behind.
    """
    if is_offline():
        places = "".join(f"\n  {place}" for place in searched or [path])
        raise MissingDataError(
            f"{path.name} is missing, and {OFFLINE_VARIABLE} forbids to download it. Looked for:{places}\n"
            f"Put a copy there, or in a folder that {HOME_VARIABLE} names, or unset {OFFLINE_VARIABLE}."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    own = nullcontext(client) if client else httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=True)
    with own as session:
        for url in urls:
            for number in range(TRIES_PER_MIRROR):
                time.sleep(PAUSE_SECONDS * number)
                try:
                    return _fetch_once(session, url, path, digest, algorithm)
                except (httpx2.HTTPError, DownloadError) as error:
                    failures.append(f"{url}: {(str(error) or type(error).__name__).splitlines()[0]}")
    raise DownloadError(
        f"could not download {path.name}. " + "; ".join(failures) + ". Check the network, or put the file at "
        f"{path} by hand."
    )


def _fetch_once(client: httpx2.Client, url: str, path: Path, digest: str, algorithm: str) -> Path:
    """Download one URL into a temporary file beside `path` and rename it once its hash is right."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file, client.stream("GET", url) as response:
            response.raise_for_status()
            received = _write_stream(response, file, path.name, algorithm)
        if received != digest:
            raise DownloadError(f"expected {algorithm} {digest}, received {received}")
        return temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_stream(response: httpx2.Response, file: BinaryIO, title: str, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    length = int(response.headers.get("Content-Length", 0)) or None
    with tqdm(total=length, unit="B", unit_scale=True, desc=title, leave=False) as progress:
        for chunk in response.iter_bytes():
            file.write(chunk)
            digest.update(chunk)
            progress.update(len(chunk))
    return digest.hexdigest()
