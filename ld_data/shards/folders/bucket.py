"""A folder in a bucket of S3, Google Cloud, or a store that speaks the language of S3, by the library obstore.

A bucket has no locks. A file is written on the condition that its name is free, so that a second writer cannot replace
what a first one wrote. obstore takes credentials from the environment, and sends a request again while the bucket is
busy.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedIOBase, BytesIO
from pathlib import Path
from tempfile import gettempdir
from typing import Any, ClassVar

from ld_data.errors import IntegrityError, StorageError
from ld_data.extras import import_library
from ld_data.storage.arrays import MAX_ARRAY_BYTES
from ld_data.storage.staging import make_staging_folder

SCHEMES = ("s3", "gs")
CLIENT = {"allow_http": True, "timeout": "600s"}  # for AWS_ENDPOINT_URL=http://...; for shards on a slow line
RETRIES = {"max_retries": 8}  # within half a minute
DETAILS = "\n\nDebug source"  # of Rust, after its message


@dataclass(frozen=True)
class BucketFolder:
    """A folder by its URL; the verbs are those of `ld_data.shards.folders.folder.Folder`."""

    url: str
    readers: ClassVar[int] = 16

    def __str__(self) -> str:
        """Return the URL."""
        return self.url

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rpartition("/")[2]

    def open(self, name: str, most_bytes: int = MAX_ARRAY_BYTES) -> BufferedIOBase:
        """Return the content of a file."""
        with self._reach() as store:
            answer = store.get(name)
            if (size := answer.meta["size"]) > most_bytes:
                raise IntegrityError(f"{self.url}/{name}: expected at most {most_bytes} bytes; has {size}.")
            return BytesIO(answer.bytes())

    def find_size(self, name: str) -> int | None:
        """Return the bytes of a file; None if there is no such file."""
        with self._reach() as store, suppress(FileNotFoundError):
            return int(store.head(name)["size"])
        return None

    def list_sizes(self, first: str = "", last: str = "~") -> dict[str, int]:
        """Return the bytes of each file after one name, up to another; the bucket lists them by thousands."""
        sizes: dict[str, int] = {}
        with self._reach() as store:
            for page in store.list(offset=first or None):
                sizes |= {entry["path"]: entry["size"] for entry in page if entry["path"] <= last}
                if page and page[-1]["path"] > last:
                    break
        return sizes

    def hold(self, name: str) -> AbstractContextManager[Path]:
        """Yield an empty folder of this machine, for its one writer of a file of this bucket."""
        place = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        return make_staging_folder(Path(gettempdir()), f"ld-data-{place}-{name}", wait=True)

    def add(self, draft: Path) -> bool:
        """Upload a finished file if its name is free; return whether it was."""
        with self._reach() as store:
            try:
                store.put(draft.name, draft, mode="create", use_multipart=False)
            except import_library("obstore.exceptions").AlreadyExistsError:
                return False
            except FileNotFoundError as error:
                raise StorageError(f"there is no bucket of {self.url}. Make it first.") from error
            return True

    def delete(self, name: str) -> None:
        """Delete a file, which may be missing."""
        with self._reach() as store, suppress(FileNotFoundError):
            store.delete(name)

    @contextmanager
    def _reach(self) -> Iterator[Any]:
        """Yield the store of obstore; raise `StorageError` in its place."""
        errors = import_library("obstore.exceptions")
        if _find_first_process() != os.getpid():  # the threads of obstore are not there: it would wait without end
            raise StorageError(
                f"{self.url} was opened before this process was forked. Start workers by spawn: "
                'DataLoader(..., multiprocessing_context="spawn").'
            )
        try:
            yield _open_store(self.url)
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise StorageError(
                f"{self.url} does not permit this: {_shorten(error)} Check the credentials in the environment, such as "
                "AWS_ACCESS_KEY_ID or GOOGLE_APPLICATION_CREDENTIALS, and the rights of their owner."
            ) from error
        except errors.BaseError as error:
            raise StorageError(
                f"{self.url} cannot be reached: {_shorten(error)} Finished files stay. Check the URL, "
                "and AWS_ENDPOINT_URL and AWS_REGION in the environment, then run the command again."
            ) from error


def _shorten(error: Exception) -> str:
    return " ".join(str(error).partition(DETAILS)[0].split())[:400].rstrip(".") + "."


@lru_cache(maxsize=1)
def _find_first_process() -> int:
    """Return the number of the process that first used obstore, also in a process that was forked from it."""
    return os.getpid()


@lru_cache(maxsize=16)
def _open_store(url: str) -> Any:
    return import_library("obstore.store").from_url(url, client_options=CLIENT, retry_config=RETRIES)
