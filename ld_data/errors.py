"""The errors of the project in one tree, each with its `error_type` in the answers of the service.

Every message says what was expected, what was received, and what to do.
"""

from typing import Any


class LdDataError(Exception):
    """The base class of all errors of LD-Data."""

    error_type = "error"

    def __init_subclass__(cls, error_type: str) -> None:
        """Name the class of errors in answers."""
        super().__init_subclass__()
        cls.error_type = error_type


class InputError(LdDataError, ValueError, error_type="invalid_input"):
    """A value of the caller has the wrong shape, type or range, or is not finite."""


class UnknownNameError(LdDataError, LookupError, error_type="unknown_name"):
    """There is no release, source, file or setting of that name."""


class MissingDataError(LdDataError, FileNotFoundError, error_type="missing_data"):
    """The data are not on this machine, and the download failed or is forbidden."""


class MissingLibraryError(LdDataError, ModuleNotFoundError, error_type="missing_library"):
    """A library for this part of LD-Data is not installed."""


class IntegrityError(LdDataError, error_type="integrity"):
    """A file or array does not match its hash, size or format."""


class HealthError(LdDataError, error_type="unhealthy"):
    """A release misses the goals of its recipe, and is set aside instead of published."""


class StorageError(LdDataError, OSError, error_type="storage"):
    """The disk or the bucket refused: full, read-only or not permitted. Older files are unchanged."""


class DownloadError(LdDataError, ConnectionError, error_type="download"):
    """No mirror or server sent the file; `status` is that of the answer, if there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ServiceError(LdDataError, error_type="service"):
    """A service did not answer, is not one of LD-Data, or refused; `reason` is the `error_type` of its answer."""

    def __init__(self, message: str, status: int | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


class SubmissionError(LdDataError, error_type="submission"):
    """The service did not accept a score; `score` is that score if it was computed on this machine."""

    score: Any = None


class LeakError(InputError, error_type="leak"):
    """Predictions that no model of x could make: they contain the sampled y."""


class DuplicateError(InputError, error_type="duplicate"):
    """The same predictions are on the leaderboard already."""


class FullError(LdDataError, error_type="full"):
    """The store has its maximum of entries for a release, for a season, or for a client in a season."""


class TokenError(LdDataError, error_type="unauthorized"):
    """The request needs a token, and has none or a wrong one."""


class ForbiddenError(LdDataError, error_type="forbidden"):
    """The service does not allow this request with any token."""


class OwnerError(LdDataError, error_type="not_owner"):
    """The name of a submission belongs to another user."""
