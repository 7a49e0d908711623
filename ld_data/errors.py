"""The errors of the project in one tree, each with its `error_type` in the answers of the service.

Every message says what was expected, what was received, and what to do.
"""

from typing import Any


class LdDataError(Exception):
    """The base class of all errors of LD-Data."""

    error_type = "error"


class InputError(LdDataError, ValueError):
    """A value of the caller has the wrong shape, type or range, or is not finite."""

    error_type = "invalid_input"


class UnknownNameError(LdDataError, LookupError):
    """There is no release, source, file or setting of that name."""

    error_type = "unknown_name"


class MissingDataError(LdDataError, FileNotFoundError):
    """The data are not on this machine, and the download failed or is forbidden."""

    error_type = "missing_data"


class MissingLibraryError(LdDataError, ModuleNotFoundError):
    """A library for this part of LD-Data is not installed."""

    error_type = "missing_library"


class IntegrityError(LdDataError):
    """A file or array does not match its hash, size or format."""

    error_type = "integrity"


class HealthError(LdDataError):
    """A release misses the goals of its recipe, and is set aside instead of published."""

    error_type = "unhealthy"


class StorageError(LdDataError, OSError):
    """The disk refused: full, read-only or not permitted. Older files are unchanged."""

    error_type = "storage"


class DownloadError(LdDataError, ConnectionError):
    """No mirror or server sent the file."""

    error_type = "download"

    def __init__(self, message: str, status: int | None = None) -> None:
        """Keep the status of the answer, if there was one."""
        super().__init__(message)
        self.status = status


class ServiceError(LdDataError):
    """A service did not answer, is not an LD-Data service, or refused."""

    error_type = "service"

    def __init__(self, message: str, status: int | None = None, reason: str = "") -> None:
        """Keep the status of the answer, if there was one, and its `error_type` as `reason`."""
        super().__init__(message)
        self.status, self.reason = status, reason


class SubmissionError(LdDataError):
    """The service did not accept a score; `score` is that score if it was computed on this machine."""

    error_type = "submission"
    score: Any = None


class LeakError(InputError):
    """Predictions that no model of x could make: they contain the sampled y."""

    error_type = "leak"


class DuplicateError(InputError):
    """The same predictions are on the leaderboard already."""

    error_type = "duplicate"


class FullError(LdDataError):
    """The store has its maximum of entries for a release, or for a name in a season."""

    error_type = "full"


class TokenError(LdDataError):
    """The request needs a token, and has none or a wrong one."""

    error_type = "unauthorized"


class ForbiddenError(LdDataError):
    """The service does not allow this request with any token."""

    error_type = "forbidden"
