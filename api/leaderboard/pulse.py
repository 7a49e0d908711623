"""Whether the leaderboard's database answers, for the health of the service."""

import logging
import time
from collections.abc import Callable
from threading import Lock, Thread

from ld_data.errors import StorageError

ANSWER_SECONDS = 2.0
KEPT_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Pulse:
    """Asks the database at most once a second, whatever the number of requests, in a thread that may hang."""

    answer_seconds = ANSWER_SECONDS

    def __init__(self, check: Callable[[], None]) -> None:
        """Ask by `check`, which raises `StorageError` if the database cannot be used."""
        self._check, self._lock = check, Lock()
        self._thread, self._failure = Thread(), ""
        self._reason, self._asked = "", float("-inf")

    def explain(self) -> str:
        """Return why the database cannot be used, or an empty text; it takes `answer_seconds` at most."""
        with self._lock:
            if time.monotonic() > self._asked + KEPT_SECONDS:
                reason = self._ask()
                if reason and reason != self._reason:
                    logger.error("the leaderboard %s: %s", reason, self._failure or "no answer")
                self._reason, self._asked = reason, time.monotonic()
            return self._reason

    def _ask(self) -> str:
        if not self._thread.is_alive():
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()
        self._thread.join(self.answer_seconds)
        if self._thread.is_alive():
            return f"does not answer within {self.answer_seconds:g} s"
        return "cannot be used; the operator finds the cause in the log" if self._failure else ""

    def _run(self) -> None:
        self._failure = ""
        try:
            self._check()
        except StorageError as error:
            self._failure = str(error)
