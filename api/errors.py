"""The errors that only the service and its benchmark raise; each carries the slug of its answer.

`api.messages.refusals` turns them, and the errors of `ld_data`, into answers.
"""

from ld_data.errors import InputError, LdDataError


class NotReadyError(LdDataError, error_type="not_ready"):
    """The release exists, but it failed its check or its models cannot be loaded."""


class OverloadedError(LdDataError, error_type="overloaded"):
    """More work is in progress than the service accepts at once."""

    retry_after = 1  # seconds


class RateLimitError(OverloadedError, error_type="rate_limited"):
    """One client sends more requests than its limit allows."""

    def __init__(self, message: str, retry_after: int) -> None:  # in seconds
        super().__init__(message)
        self.retry_after = retry_after


class SlowBodyError(LdDataError, error_type="slow_body"):
    """The body of a request did not arrive in time."""


class TooLargeError(InputError, error_type="too_large"):
    """A request has more bytes or rows than the limit allows."""


class MediaTypeError(InputError, error_type="unsupported_media_type"):
    """The body of a request has a format that the service does not read."""


class NotAcceptableError(LdDataError, error_type="not_acceptable"):
    """The client accepts none of the formats that the service writes."""


class StartError(LdDataError, error_type="not_started"):
    """A started program ended, or did not answer, before it was ready."""
