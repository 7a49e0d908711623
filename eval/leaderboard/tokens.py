"""The tokens that a service may ask for: one to submit, another to remove."""

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
    """What a service asks for; an empty token to submit asks for nothing, an empty one to remove allows nobody."""

    submit: str = field(default="", repr=False)
    remove: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raise `InputError` for a token that no header can carry."""
        for variable, token in ((SUBMIT_VARIABLE, self.submit), (REMOVE_VARIABLE, self.remove)):
            _check_form(variable, token)

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the tokens of the environment: `LD_DATA_SUBMIT_TOKEN` and `LD_DATA_REMOVE_TOKEN`."""
        return cls(environment.get(SUBMIT_VARIABLE, ""), environment.get(REMOVE_VARIABLE, ""))

    def check_submitter(self, authorization: str) -> None:
        """Raise `TokenError` unless the header Authorization holds the token to submit, if there is one."""
        if self.submit:
            _check(authorization, self.submit, "submitting", SUBMIT_VARIABLE)

    def check_remover(self, authorization: str) -> None:
        """Raise `ForbiddenError` if this service lets nobody remove, `TokenError` unless the header holds the token."""
        if not self.remove:
            raise ForbiddenError(
                "this service removes no entries: it was started without a token for it. Its operator sets "
                f"{REMOVE_VARIABLE}, and starts it again."
            )
        _check(authorization, self.remove, "removing", REMOVE_VARIABLE)


def make_headers(variable: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the header that carries the token in an environment variable, or none if it holds none.

    Raises `InputError` for one that no header can carry.
    """
    token = environment.get(variable, "")
    _check_form(variable, token)
    return {"Authorization": f"Bearer {token}"} if token else {}


def _check_form(variable: str, token: str) -> None:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(f"the token in {variable} must be of letters, digits and signs of ASCII, without spaces.")


def _check(authorization: str, token: str, deed: str, variable: str) -> None:
    scheme, _, received = authorization.partition(" ")
    # HTTP headers are Latin-1: so their bytes are compared, in a time that does not tell how many of them are right.
    right = hmac.compare_digest(received.strip().encode("latin-1", "replace"), token.encode())
    if scheme.lower() != "bearer" or not right:
        what = "with another" if authorization else "without it"
        raise TokenError(
            f"{deed} here needs the service's token in the header `Authorization: Bearer ...`; the request came "
            f"{what}. Ask the operator for it. In the environment it is {variable}."
        )
