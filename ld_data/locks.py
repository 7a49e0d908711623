"""Locks on open files and folders; one ends with the process that holds it, however that ends."""

import fcntl
import os
import sys
from pathlib import Path


def take_lock(descriptor: int) -> bool:
    """Return whether an open file or folder is locked by this descriptor now: not if another one holds the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(descriptor: int, deed: str) -> None:
    """Lock an open file or folder, once nobody else has it locked; stderr tells whose `deed` is waited for."""
    if not take_lock(descriptor):
        print(f"waiting for another process that is {deed}", file=sys.stderr)
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def has_name(descriptor: int, path: Path) -> bool:
    """Return whether an open file or folder is the one at `path`: not if it was renamed or deleted since."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
