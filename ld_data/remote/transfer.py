"""Resumable downloads: into the cache, in as many tries as needed, checked against a hash, and then to their place.

The received part of a file is kept in the cache under the hash of the whole file. After a broken connection or a killed
process, the next download of the same file continues there, from any mirror. One process at a time fetches a file;
others wait. Written by hand: pooch, the usual library, neither continues a download nor lets processes wait.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import httpx2

from ld_data.checks import MAX_ECHO
from ld_data.errors import DownloadError, LdDataError, MissingDataError, StorageError
from ld_data.progress import show_progress
from ld_data.remote.bounded import BoundedClient, BoundsError
from ld_data.remote.network import name_settings, open_client
from ld_data.remote.retry import try_often
from ld_data.settings import CACHE_VARIABLE, HOME_VARIABLE, OFFLINE_VARIABLE, SERVICE_VARIABLE, cache_folder, is_offline
from ld_data.storage.arrays import MAX_ARRAY_BYTES
from ld_data.storage.hashing import hash_file
from ld_data.storage.staging import has_name, stage_file, wait_for_lock

TRIES = 4  # of each mirror
TIMEOUT_SECONDS = 30.0
PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses after which another try may succeed


@dataclass(frozen=True)
class Content:
    """A file to fetch.

    Attributes:
        title: its name in messages.
        urls: of the mirrors, in the order in which they are tried.
        digest: of the whole file, in hexadecimal digits.
        algorithm: of the digest, by hashlib's name.
        etag: of this file at all mirrors, sent so that no mirror continues another file; empty if it is not known.
        size: of the whole file in bytes; a mirror that sends more is cut off. None if it is not known.
        advice: what to do without a network, a sentence at the end of the error.
    """

    title: str
    urls: Sequence[str]
    digest: str
    algorithm: str = "sha256"
    etag: str = ""
    size: int | None = None
    advice: str = ""

    def measure(self, path: Path) -> str:
        """Return the digest of a file."""
        return hash_file(path, self.algorithm)


def fetch_file(
    content: Content, path: Path, searched: Sequence[Path | str] = (), client: BoundedClient | None = None
) -> Path:
    """Return `path` after downloading the content from the first of its mirrors that sends it.

    Each mirror is tried several times, with growing pauses, and continues the received part. If another process is
    fetching the same file, this one waits for it and uses that.

    Raises:
        MissingDataError: `LD_DATA_OFFLINE` forbids the download; the message lists what was `searched` before.
        DownloadError: no mirror sent the file; the message has the answer of each.
        InputError: the environment names a proxy or certificates that cannot be used.
        StorageError: the disk refuses; an older file at `path` is unchanged.
    """
    _check_online(content.title, searched or [path])
    with _hold_partial(content) as file:
        if not (path.is_file() and content.measure(path) == content.digest):  # else another process has just fetched it
            _complete(content, file, client)
            _move(Path(file.name), path)
    return path


def fetch_to_cache(content: Content, client: BoundedClient | None = None) -> None:
    """Download a file into the cache, where `fetch_file` finds it; raises as that."""
    _check_online(content.title, [partial_path(content.digest)])
    with _hold_partial(content) as file:
        _complete(content, file, client)


def fetch_bytes(url: str, most_bytes: int) -> bytes:
    """Return the bytes at an address, after several tries if needed.

    Raises:
        DownloadError: there is no answer, more than `most_bytes`, or an error; then `status` is that of the answer.
        InputError: the environment names a proxy or certificates that cannot be used.
    """
    try:
        with open_downloads(url) as client:
            return try_often(lambda: _read_limited(client, url, most_bytes), TRIES, _may_pass)
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        raise DownloadError(f"{url} answered {status}: {error}{name_settings(url)}", status) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise DownloadError(
            f"no answer from {url}: {error}. Is the service running there? `make serve` starts one, and "
            f"{SERVICE_VARIABLE} may name one elsewhere.{name_settings(url, error)}"
        ) from error


def open_downloads(url: str) -> BoundedClient:
    """Return a client for downloads from an address; raises as `open_client`, and the caller closes it."""
    return open_client(url, TIMEOUT_SECONDS, MAX_ARRAY_BYTES, follow_redirects=True)


def partial_path(digest: str) -> Path:
    """Return the path in the cache of the received part of the file with a digest."""
    return cache_folder() / "partial" / digest


def _check_online(title: str, searched: Sequence[Path | str]) -> None:
    if is_offline():
        places = "".join(f"\n  {place}" for place in searched)
        raise MissingDataError(
            f"{title} is missing, and {OFFLINE_VARIABLE} forbids to download it. Looked for:{places}\n"
            f"Put a copy there, or in a folder that {HOME_VARIABLE} names, or unset {OFFLINE_VARIABLE}."
        )


@contextmanager
def _hold_partial(content: Content) -> Iterator[BinaryIO]:
    """Yield the received part as an open file, for this process alone; it is kept unless it is empty."""
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
            f"could not write {content.title} through {path.parent}: {error}. Nothing was replaced; free some "
            f"space, or name another folder for downloads with {CACHE_VARIABLE}, then try again."
        ) from error


@contextmanager
def _open_locked(path: Path, title: str) -> Iterator[BinaryIO]:
    while True:
        with path.open("a+b") as file:
            wait_for_lock(file.fileno(), f"downloading {title}")
            if has_name(file.fileno(), path):  # else another process has moved the whole file to its place
                yield file
                return


def _complete(content: Content, file: BinaryIO, client: BoundedClient | None) -> None:
    if file.seek(0, os.SEEK_END) and content.measure(Path(file.name)) == content.digest:
        return
    failures, settings = [], ""
    for url in content.urls:
        try:
            with nullcontext(client) if client else open_downloads(url) as session:
                try_often(partial(_receive, session, url, content, file), TRIES, _may_pass)
        except (httpx2.HTTPError, DownloadError) as error:
            failures.append(f"{url}: {(str(error) or type(error).__name__).splitlines()[0]}")
            settings = name_settings(url, error)
        else:
            return
    size = os.fstat(file.fileno()).st_size
    kept = f" The {size} bytes that have arrived are kept for the next try." if size else ""
    raise DownloadError(
        f"could not download {content.title}. {'; '.join(failures)}.{kept} Check the network, then try again."
        f"{settings}{content.advice}"
    )


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code in PASSING
    return isinstance(error, httpx2.HTTPError) and not isinstance(error, BoundsError)


def _read_limited(client: BoundedClient, url: str, most_bytes: int) -> bytes:
    """Return the bytes at an address; the message of an `HTTPStatusError` is the server's reason."""
    content = bytearray()
    with client.receive("GET", url) as response:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > most_bytes:
                raise DownloadError(f"{url}: expected at most {most_bytes} bytes; it sends more.")
    if not response.is_success:
        raise httpx2.HTTPStatusError(_read_reason(content), request=response.request, response=response)
    return bytes(content)


def _read_reason(content: bytearray) -> str:
    """Return the reason in a refusal: the `error` of an LD-Data service, else that it is a web page, or its start."""
    text = content.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):  # the latter for endlessly nested lists
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return str(answer["error"])
    return "a web page, and no file of a release" if text.lstrip().startswith("<") else text[:MAX_ECHO]


def _receive(client: BoundedClient, url: str, content: Content, file: BinaryIO) -> None:
    """Append the missing part to the file, which is emptied if it turns out to be another file."""
    begun = file.seek(0, os.SEEK_END) > 0
    received = _append(client, url, content, file)
    if begun and received != content.digest:  # the part that was there before may be wrong
        file.truncate(0)
        received = _append(client, url, content, file)
    if received != content.digest:
        file.truncate(0)
        raise DownloadError(f"expected {content.algorithm} {content.digest}, received {received}")


def _append(client: BoundedClient, url: str, content: Content, file: BinaryIO) -> str:
    """Return the digest of the file after the mirror has sent the missing part, or the whole file again.

    Instead of a digest it is empty if the mirror refuses the range, and a note if the mirror sends too many bytes.
    """
    start = file.seek(0, os.SEEK_END)
    headers = {"Accept-Encoding": "identity"}  # digest and range are those of plain bytes
    if start:
        headers |= {"Range": f"bytes={start}-"} | ({"If-Range": content.etag} if content.etag else {})
    with client.receive("GET", url, headers=headers) as response:
        is_part = response.status_code == 206
        is_other_part = is_part and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        if start and (is_other_part or response.status_code == 416):
            return ""
        response.raise_for_status()
        if start and not is_part:
            start = 0
            file.truncate(0)
        if not _write_stream(response, file, content, start):
            return f"more than {content.size} bytes"
    os.fsync(file.fileno())
    return content.measure(Path(file.name))


def _write_stream(response: httpx2.Response, file: BinaryIO, content: Content, start: int) -> bool:
    """Write the answer from `start` on; return whether it fits into the size of the content."""
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    received = start
    with show_progress(title=content.title, total=total, initial=start, unit="B", unit_scale=True, leave=False) as bar:
        for chunk in response.iter_raw():
            received += len(chunk)
            if content.size is not None and received > content.size:
                return False
            file.write(chunk)
            file.flush()  # the next process continues if this one is killed
            bar.update(len(chunk))
    return True


def _move(source: Path, path: Path) -> None:
    """Move a whole file to its place, which it takes last: from another file system it is first copied beside."""
    with stage_file(path) as draft:
        shutil.move(source, draft)
