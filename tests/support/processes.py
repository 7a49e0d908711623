"""Processes beside that of the tests, forked from one that has imported what most of them need."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["pytest", "tests.support.verdicts"])


def start_process(function: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, Connection]:
    """Start a function of a module with the sending end of a pipe; return its process and the receiving end."""
    receiver, sender = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=function, args=(sender, *arguments))
    process.start()
    sender.close()
    return process, receiver


def end_process(process: BaseProcess) -> int | None:
    """Wait for the end of a process, and return its status."""
    process.join(60)
    return process.exitcode
