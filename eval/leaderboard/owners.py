"""The secrets with which a user owns names on leaderboards, in files of the cache folder."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from eval.leaderboard.submission import fold_name
from ld_data.settings import cache_folder

SECRET_BYTES = 32


def find_secret(service: str, name: str) -> str:
    """Return the secret of a name at a service's address; a new one is kept before it is used.

    An empty text means that the folder cannot exist, or cannot be read or written. Then the service makes a secret for
    a new name, and its answer holds it.
    """
    try:
        path = name_file(service, name)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _keep(path, secrets.token_urlsafe(SECRET_BYTES))
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def name_file(service: str, name: str) -> Path:
    """Return the file for the secret of a name at a service's address."""
    key = hashlib.sha256(f"{service}\n{fold_name(name)}".encode()).hexdigest()
    return cache_folder() / "owners" / f"{key}.txt"


def _keep(path: Path, secret: str) -> None:
    """Write a new file for its owner alone, whole or not at all; another process's file stays."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # of mode 600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
