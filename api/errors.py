"""The errors that only the service and its benchmark raise; each carries the slug of its answer.

`api.messages.refusals` turns them, and the errors of `ld_data`, into answers.
"""

from ld_data.errors import InputError, LdDataError


class NotReadyError(LdDataError):
    """The release exists, but it failed its check or its models cannot be loaded."""

    error_type = "not_ready"


class OverloadedError(LdDataError):
    """More work is in progress than the service accepts at once."""

    error_type = "overloaded"
    retry_after = 1  # seconds


class RateLimitError(OverloadedError):
    """One client sends more requests than its limit allows."""

    error_type = "rate_limited"

    def __init__(self, message: str, retry_after: int) -> None:
        """Keep the number of seconds to wait before the next try."""
        super().__init__(message)
        self.retry_after = retry_after


class SlowBodyError(LdDataError):
    """The body of a request did not arrive in time."""

    error_type = "slow_body"


class TooLargeError(InputError):
    """A request has more bytes or rows than the limit allows."""

    error_type = "too_large"


class MediaTypeError(InputError):
    """The body of a request has a format that the service does not read."""

    error_type = "unsupported_media_type"


class NotAcceptableError(LdDataError):
    """The client accepts none of the formats that the service writes."""

    error_type = "not_acceptable"


class StartError(LdDataError):
    """A started program ended, or did not answer, before it was ready."""

    error_type = "not_started"
