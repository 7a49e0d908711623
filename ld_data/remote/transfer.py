"""Downloads: into the cache, by as many tries as it takes, checked against a hash, and only then to their place.

What has arrived of a file is kept in the cache under the hash that the whole will have. So whoever wants the same file
next, after a broken connection or a killed process, continues there, from any mirror. One process at a time fetches a
file; another one that wants it waits.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import httpx2
from tqdm import tqdm

from ld_data.errors import DownloadError, LdDataError, MissingDataError, StorageError
from ld_data.remote.retry import name_timeout, wait
from ld_data.settings import CACHE_VARIABLE, HOME_VARIABLE, OFFLINE_VARIABLE, SERVICE_VARIABLE, cache_folder, is_offline
from ld_data.storage.hashing import hash_file
from ld_data.storage.staging import has_name, stage_file, wait_for_lock

TRIES = 4  # of each mirror
TIMEOUT_SECONDS = 30.0
PARTIAL_FOLDER = "partial"
MAX_ECHO = 200  # characters of an answer that an error repeats
PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses that another try may not meet

Result = TypeVar("Result")


@dataclass(frozen=True)
class Content:
    """What is to be fetched.

    Attributes:
        title: what people call it.
        urls: of the mirrors, in the order of their turns.
        digest: of the whole, in hexadecimal digits.
        algorithm: of the digest, by hashlib's name.
        etag: by which all mirrors know this content, so that they continue no other; or empty, if that is not known,
            and the digest alone tells in the end.
        size: of the whole in bytes, beyond which nothing is taken; None if that is not known.
    """

    title: str
    urls: Sequence[str]
    digest: str
    algorithm: str = "sha256"
    etag: str = ""
    size: int | None = None

    def measure(self, path: Path) -> str:
        """Return the digest of a file."""
        return hash_file(path, self.algorithm)


def fetch_file(
    urls: Sequence[str],
    path: Path,
    digest: str,
    *,
    algorithm: str = "sha256",
    etag: str = "",
    size: int | None = None,
    searched: Sequence[Path] = (),
    client: httpx2.Client | None = None,
) -> Path:
    """Return `path` after downloading it from the first of the mirrors `urls` that delivers content with that hash.

    The hash is a sha256, or what hashlib calls `algorithm`; `etag` is by which all mirrors know that content, if they
    do, and `size` how many bytes it has: a mirror that sends more is not listened to any longer. Each mirror is tried
    several times, with growing pauses, and continues what has arrived. If another process fetches the same, its file is
    waited for and used. Raises `MissingDataError` when `LD_DATA_OFFLINE` forbids it, with the places that were
    `searched` before, `DownloadError` with every mirror's answer when none delivered, and `StorageError` when the disk
    refuses; then an older file still is at `path`.
    """
    _check_online(path.name, searched or [path])
    content = Content(path.name, urls, digest, algorithm, etag, size)
    with _hold_partial(content) as file:
        if not (path.is_file() and content.measure(path) == digest):  # else another process fetched it meanwhile
            _complete(content, file, client)
            _move(Path(file.name), path)
    return path


def fetch_to_cache(content: Content, client: httpx2.Client | None = None) -> None:
    """Have content in the cache whole, where `fetch_file` finds it without another download; raises as that."""
    _check_online(content.title, [partial_path(content.digest)])
    with _hold_partial(content) as file:
        _complete(content, file, client)


def fetch_bytes(url: str, most_bytes: int) -> bytes:
    """Return what lies at an address, after several tries if need be.

    Raises `DownloadError` if there is no answer, an error, then with its status, or more than `most_bytes`.
    """
    try:
        with open_client() as client:
            return _try_often(lambda: _read_limited(client, url, most_bytes))
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        raise DownloadError(f"{url} answered {status}: {error}", status) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise DownloadError(
            f"no answer from {url}: {error}. Is the service running there? `make serve` starts one, and "
            f"{SERVICE_VARIABLE} may name one elsewhere."
        ) from error


def open_client() -> httpx2.Client:
    """Return a client for downloads, to be closed by the caller."""
    return httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=True)


def partial_path(digest: str) -> Path:
    """Return where what has arrived of the content with a digest is kept."""
    return cache_folder() / PARTIAL_FOLDER / digest


def _check_online(title: str, searched: Sequence[Path]) -> None:
    if is_offline():
        places = "".join(f"\n  {place}" for place in searched)
        raise MissingDataError(
            f"{title} is missing, and {OFFLINE_VARIABLE} forbids to download it. Looked for:{places}\n"
            f"Put a copy there, or in a folder that {HOME_VARIABLE} names, or unset {OFFLINE_VARIABLE}."
        )


@contextmanager
def _hold_partial(content: Content) -> Iterator[BinaryIO]:
    """Yield the file of what has arrived, for this process alone, to read and to append; unless empty it is kept.

    Raises `StorageError` when the disk refuses, in this function or inside the `with` block.
    """
    path = partial_path(content.digest)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open_locked(path, content.title) as file:
            try:
                yield file
            finally:
                if has_name(file.fileno(), path) and not path.stat().st_size:
                    path.unlink()
    except LdDataError:
        raise
    except OSError as error:
        raise StorageError(
            f"could not write {content.title}, by way of {path.parent}: {error}. Nothing was replaced; free some "
            f"space, or name another folder for downloads with {CACHE_VARIABLE}, then try again."
        ) from error


@contextmanager
def _open_locked(path: Path, title: str) -> Iterator[BinaryIO]:
    while True:
        with path.open("a+b") as file:
            wait_for_lock(file.fileno(), f"downloading {title}")
            if has_name(file.fileno(), path):  # else the other process has moved it to its place
                yield file
                return


def _complete(content: Content, file: BinaryIO, client: httpx2.Client | None) -> None:
    """Fetch what is missing in the file; raises `DownloadError`."""
    if file.seek(0, os.SEEK_END) and content.measure(Path(file.name)) == content.digest:
        return
    failures = []
    with nullcontext(client) if client else open_client() as session:
        for url in content.urls:
            try:
                _try_often(partial(_receive, session, url, content, file))
            except (httpx2.HTTPError, DownloadError) as error:
                failures.append(f"{url}: {(str(error) or type(error).__name__).splitlines()[0]}")
            else:
                return
    size = os.fstat(file.fileno()).st_size
    kept = f" The {size} bytes that have arrived are kept for the next try." if size else ""
    raise DownloadError(
        f"could not download {content.title}. {'; '.join(failures)}.{kept} Check the network, then try again."
    )


def _try_often(attempt: Callable[[], Result]) -> Result:
    """Return what an attempt returns, the first or a later one; raises what the last one raised."""
    tried = 0
    while True:
        tried += 1
        try:
            return attempt()
        except httpx2.HTTPStatusError as error:
            retry_after = error.response.headers.get("Retry-After", "")
            note = f"{error.request.url} is busy" if retry_after else ""
            if error.response.status_code not in PASSING or not wait(tried, TRIES, retry_after, note):
                raise
        except httpx2.HTTPError as error:
            if not wait(tried, TRIES, note=name_timeout(error)):
                raise


def _read_limited(client: httpx2.Client, url: str, most_bytes: int) -> bytes:
    """Return what lies at an address; raises `DownloadError` for more than `most_bytes`, and what httpx2 raises.

    An error of a status has the server's reason as its message.
    """
    content = bytearray()
    with client.stream("GET", url) as response:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > most_bytes:
                raise DownloadError(f"{url}: expected at most {most_bytes} bytes; it sends more.")
    if not response.is_success:
        raise httpx2.HTTPStatusError(_read_reason(content), request=response.request, response=response)
    return bytes(content)


def _read_reason(content: bytearray) -> str:
    """Return what a refusal says: the `error` of a service of LD-Data, that it is a web page, or how it begins."""
    text = content.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):  # the latter for lists in lists without an end
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return str(answer["error"])
    return "a web page: not an LD-Data service" if text.lstrip().startswith("<") else text[:MAX_ECHO]


def _receive(client: httpx2.Client, url: str, content: Content, file: BinaryIO) -> None:
    """Append to the file what it lacks.

    Raises what httpx2 raises, and then keeps what came; `DownloadError` for other content, and keeps none.
    """
    begun = file.seek(0, os.SEEK_END) > 0
    received = _append(client, url, content, file)
    if begun and received != content.digest:  # what was there before may be to blame
        file.truncate(0)
        received = _append(client, url, content, file)
    if received != content.digest:
        file.truncate(0)
        raise DownloadError(f"expected {content.algorithm} {content.digest}, received {received}")


def _append(client: httpx2.Client, url: str, content: Content, file: BinaryIO) -> str:
    """Return the digest of the file, once the mirror has sent what it lacks, or all anew; or no text if it refuses.

    What is longer than the content is not read to its end, and is told in place of its digest.
    """
    start = file.seek(0, os.SEEK_END)
    headers = {"Accept-Encoding": "identity"}  # the bytes that the digest and the range are of
    if start:
        headers |= {"Range": f"bytes={start}-"} | ({"If-Range": content.etag} if content.etag else {})
    with client.stream("GET", url, headers=headers) as response:
        if start and _refuses_range(response, start):
            return ""
        response.raise_for_status()
        if start and response.status_code != 206:
            start = 0
            file.truncate(0)
        if not _write_stream(response, file, content, start):
            return f"more than {content.size} bytes"
    os.fsync(file.fileno())
    return content.measure(Path(file.name))


def _refuses_range(response: httpx2.Response, start: int) -> bool:
    """Return whether an answer tells that there is nothing from `start` on, or holds another range."""
    if response.status_code == 206:
        return not response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
    return response.status_code == 416


def _write_stream(response: httpx2.Response, file: BinaryIO, content: Content, start: int) -> bool:
    """Return whether the answer fits into what the content has from `start` on, having written it."""
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    title, received = content.title, start
    with tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=title, leave=False, disable=None) as progress:
        for chunk in response.iter_raw():
            received += len(chunk)
            if content.size is not None and received > content.size:
                return False
            file.write(chunk)
            file.flush()  # a process that is killed leaves it to the next one
            progress.update(len(chunk))
    return True


def _move(source: Path, path: Path) -> None:
    """Rename a whole file to its place; across file systems copy it beside that place first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with stage_file(path) as draft:
            shutil.copyfile(source, draft)
            with draft.open("rb") as copy:
                os.fsync(copy.fileno())
        source.unlink()
