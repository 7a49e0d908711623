"""Memory that a process keeps or has had: numpy frees and takes arrays of a megabyte at each step."""

import ctypes
import sys
from contextlib import suppress

TRIM_BYTES = 2**29  # with Dask's 64 kB, memory goes back to the system so often that a worker takes 1.6 times as long
LARGE_BYTES = 2**22  # blocks of this size are mapped alone: among others they leave holes, and the worker grows


def keep_memory(trim_bytes: int = TRIM_BYTES) -> None:
    """Let glibc keep freed memory: it gives it back by default, and clearing it takes a fourth of a rule's time.

    Large blocks go back to the system at once.
    """
    with suppress(OSError, AttributeError):  # another library of C
        for option, size in ((-1, trim_bytes), (-3, LARGE_BYTES)):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
            ctypes.CDLL("libc.so.6").mallopt(option, size)


def read_peak() -> int:
    """Return the most bytes of memory that this process has had."""
    import resource  # late: Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
