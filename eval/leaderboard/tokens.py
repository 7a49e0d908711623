"""The tokens that a service may require: one to submit, another to remove."""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ld_data.errors import ForbiddenError, InputError, TokenError

SUBMIT_VARIABLE = "LD_DATA_SUBMIT_TOKEN"
REMOVE_VARIABLE = "LD_DATA_REMOVE_TOKEN"


@dataclass(frozen=True)
class Tokens:
    """The tokens that a service requires.

    Without a token to submit, everyone may submit; without a token to remove, no one may remove.
    """

    submit: str = field(default="", repr=False)
    remove: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raise `InputError` for a token that a header cannot carry."""
        make_headers(SUBMIT_VARIABLE, {SUBMIT_VARIABLE: self.submit})
        make_headers(REMOVE_VARIABLE, {REMOVE_VARIABLE: self.remove})

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the tokens in the environment variables `LD_DATA_SUBMIT_TOKEN` and `LD_DATA_REMOVE_TOKEN`."""
        return cls(environment.get(SUBMIT_VARIABLE, ""), environment.get(REMOVE_VARIABLE, ""))

    def check_submitter(self, authorization: str) -> None:
        """Raise `TokenError` if there is a token to submit and a request's header Authorization does not hold it."""
        if self.submit:
            _check(authorization, self.submit, "submitting", SUBMIT_VARIABLE)

    def check_remover(self, authorization: str) -> None:
        """Raise `ForbiddenError` without a token to remove, and `TokenError` if the header does not hold it."""
        if not self.remove:
            raise ForbiddenError(
                "this service removes no entries: it was started without a token for removals. Its operator can set "
                f"{REMOVE_VARIABLE} and restart it."
            )
        _check(authorization, self.remove, "removing", REMOVE_VARIABLE)


def make_headers(variable: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the header with the token in an environment variable, if any; raise `InputError` if none can carry it."""
    token = environment.get(variable, "")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(f"the token in {variable} must be of ASCII letters, digits and signs, without spaces.")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _check(authorization: str, token: str, action: str, variable: str) -> None:
    scheme, _, received = authorization.partition(" ")
    # HTTP headers are Latin-1, so compare bytes. The time taken does not depend on how many of them match.
    right = hmac.compare_digest(received.strip().encode("latin-1", "replace"), token.encode())
    if scheme.lower() != "bearer" or not right:
        received_token = "another token" if authorization else "no token"
        raise TokenError(
            f"{action} here needs the service's token in the header `Authorization: Bearer ...`; received "
            f"{received_token}. Ask the operator for it, and set it in the environment as {variable}."
        )
