"""The errors of the project, one tree, each with the slug that a service answer carries.

Every message says what was expected, what was received, and what to do.
"""

from typing import Any


class LdDataError(Exception):
    """The root: anything that LD-Data itself refuses or cannot do."""

    error_type = "error"


class InputError(LdDataError, ValueError):
    """What the caller passed has the wrong shape, type, range, or is not finite."""

    error_type = "invalid_input"


class UnknownNameError(LdDataError, LookupError):
    """A release, source, file, or setting of that name does not exist."""

    error_type = "unknown_name"


class MissingDataError(LdDataError, FileNotFoundError):
    """The data are not on this machine and could not be, or may not be, downloaded."""

    error_type = "missing_data"


class MissingLibraryError(LdDataError, ModuleNotFoundError):
    """A library that this part of LD-Data needs is not installed."""

    error_type = "missing_library"


class IntegrityError(LdDataError):
    """A file or array is not what its hash, size, or format says it must be."""

    error_type = "integrity"


class HealthError(LdDataError):
    """A release misses the goals of its recipe, and is kept aside instead of published."""

    error_type = "unhealthy"


class StorageError(LdDataError, OSError):
    """The disk refused: full, read-only, or not permitted. What was there before still is."""

    error_type = "storage"


class DownloadError(LdDataError, ConnectionError):
    """No mirror or server delivered the file."""

    error_type = "download"

    def __init__(self, message: str, status: int | None = None) -> None:
        """Keep the status of the answer, if there was one."""
        super().__init__(message)
        self.status = status


class ServiceError(LdDataError):
    """A service did not answer, answered as none of LD-Data's does, or refused."""

    error_type = "service"

    def __init__(self, message: str, status: int | None = None, reason: str = "") -> None:
        """Keep the status of the answer, if there was one, and the `error_type` that it told."""
        super().__init__(message)
        self.status, self.reason = status, reason


class SubmissionError(LdDataError):
    """The service did not accept a score; `score` is that score, if it was computed here."""

    error_type = "submission"
    score: Any = None


class LeakError(InputError):
    """Predictions that no model of x could have made: the sampled y is in them."""

    error_type = "leak"


class DuplicateError(InputError):
    """These very predictions are ranked already."""

    error_type = "duplicate"


class FullError(LdDataError):
    """The store holds as many entries as it may, of a release or of a name in a season."""

    error_type = "full"


class TokenError(LdDataError):
    """The request needs a token, and came without it or with another."""

    error_type = "unauthorized"


class ForbiddenError(LdDataError):
    """The service was not set up to allow this to anybody."""

    error_type = "forbidden"


class StartError(LdDataError):
    """A program that was started ended, or did not answer, before it was ready."""

    error_type = "not_started"
